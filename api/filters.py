"""Filters of lists, as strict about their text as the bodies are."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field

from api.fields import MAX_CENTS, RATE_PATTERN
from lending.choices import TERMS, Grade, Purpose
from lending.models import LoanRequest, Offer
from lending.states import OfferSource, OfferStatus

_CENTS: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
_PERCENT: Final = re.compile(r"100|[1-9]?[0-9]", re.ASCII)
_RATE: Final = re.compile(RATE_PATTERN, re.ASCII)


class _CentsFormField(forms.Field):
    """Whole cents, in ASCII digits."""

    def to_python(self, value: Any) -> int | None:
        if value is None:
            return None
        if not _CENTS.fullmatch(value) or int(value) > MAX_CENTS:
            raise forms.ValidationError(_("Give an amount in whole cents."), code="invalid")
        return int(value)


class _PercentFormField(forms.Field):
    """Whole per cent."""

    def to_python(self, value: Any) -> int | None:
        if value is None:
            return None
        if not _PERCENT.fullmatch(value):
            raise forms.ValidationError(_("Give whole per cent, 0 to 100."), code="invalid")
        return int(value)


class _RateFormField(forms.Field):
    """A fraction with at most five places."""

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        if not _RATE.fullmatch(value):
            raise forms.ValidationError(_("Give a rate as a fraction, such as 0.0725."))
        return Decimal(value)


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": MAX_CENTS})
class CentsFilter(django_filters.Filter):
    """An amount in cents."""

    field_class = _CentsFormField


@extend_schema_field({"type": "string", "pattern": RATE_PATTERN})
class RateFilter(django_filters.Filter):
    """A rate as a fraction."""

    field_class = _RateFormField


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": 100})
class PercentFilter(django_filters.Filter):
    """A share in whole per cent."""

    field_class = _PercentFormField


class MarketFilters(django_filters.FilterSet):
    """What lenders look for; several values of one name widen, several names narrow."""

    grade = django_filters.MultipleChoiceFilter(choices=Grade.choices)
    term_months = extend_schema_field({"type": "integer", "enum": list(TERMS)})(
        django_filters.MultipleChoiceFilter(choices=[(str(term), str(term)) for term in TERMS])
    )
    purpose = django_filters.MultipleChoiceFilter(choices=Purpose.choices)
    min_rate = RateFilter(field_name="annual_rate", lookup_expr="gte")
    max_rate = RateFilter(field_name="annual_rate", lookup_expr="lte")
    min_amount_cents = CentsFilter(field_name="amount_cents", lookup_expr="gte")
    max_amount_cents = CentsFilter(field_name="amount_cents", lookup_expr="lte")
    min_funded_percent = PercentFilter(field_name="funded_percent", lookup_expr="gte")
    max_funded_percent = PercentFilter(field_name="funded_percent", lookup_expr="lte")

    class Meta:
        model = LoanRequest
        fields: tuple[str, ...] = ()


class OfferFilters(django_filters.FilterSet):
    """Which of the caller's offers."""

    status = django_filters.MultipleChoiceFilter(choices=OfferStatus.choices)
    source = django_filters.MultipleChoiceFilter(choices=OfferSource.choices)

    class Meta:
        model = Offer
        fields: tuple[str, ...] = ()
