"""Filters and order of the market list."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from lending.choices import Grade, Purpose
from lending.models import LoanRequest
from web.forms.base import PariForm
from web.forms.fields import MoneyField, PercentField
from web.forms.quotes import term_choices

_ANY: Final = ("", _("Any"))
ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "deadline": ("deadline_on", "id"),
    "newest": ("-listed_at", "-id"),
    "rate": ("-annual_rate", "id"),
    "grade": ("grade", "-annual_rate", "id"),
    "funded": ("-funded_percent", "id"),
    "amount": ("amount_cents", "id"),
    "term": ("term_months", "id"),
}
_ORDER_NAMES: Final = [
    ("deadline", _("Ending soon")),
    ("newest", _("Newest")),
    ("rate", _("Highest rate")),
    ("grade", _("Best grade")),
    ("funded", _("Most funded")),
    ("amount", _("Smallest amount")),
    ("term", _("Shortest term")),
]
_LOOKUPS: Final = {
    "grades": "grade__in",
    "longest": "term_months__lte",
    "purpose": "purpose",
    "min_rate": "annual_rate__gte",
    "least": "amount_cents__gte",
    "most": "amount_cents__lte",
    "funded": "funded_percent__gte",
    "mark": "affordability_mark__lte",
}


def _terms_or_any() -> list[tuple[Any, Any]]:
    return [_ANY, *term_choices()]


class MarketForm(PariForm):
    """What a reader looks for; nothing chosen shows everything."""

    grades = forms.MultipleChoiceField(
        label=_("Grade"),
        required=False,
        choices=Grade.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-tight"}),
    )
    longest = forms.TypedChoiceField(
        label=_("Term up to"), required=False, coerce=int, empty_value=None, choices=_terms_or_any
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"), required=False, choices=[_ANY, *Purpose.choices]
    )
    min_rate = PercentField(label=_("Rate from"), required=False)
    least = MoneyField(label=_("Amount from"), required=False)
    most = MoneyField(label=_("Amount up to"), required=False)
    funded = forms.TypedChoiceField(
        label=_("Funded from"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[_ANY, *((percent, f"{percent} %") for percent in (25, 50, 75, 90))],
    )
    mark = forms.TypedChoiceField(
        label=_("Affordability up to"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[_ANY, *((mark, str(mark)) for mark in range(1, 6))],
    )
    order = forms.ChoiceField(label=_("Order"), required=False, choices=_ORDER_NAMES)

    def chosen(self, requests: QuerySet[LoanRequest]) -> QuerySet[LoanRequest]:
        """The requests that pass every filter that could be read, in the order asked for."""
        self.is_valid()
        given = self.cleaned_data
        filters = {lookup: given[name] for name, lookup in _LOOKUPS.items() if given.get(name)}
        return requests.filter(**filters).order_by(*ORDERS[given.get("order") or "deadline"])

    @property
    def filter_count(self) -> int:
        """How many filters are set."""
        return sum(1 for name in _LOOKUPS if self.cleaned_data.get(name))
