"""Fields that take one form of a value and nothing that merely looks like it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lending.choices import MAX_AMOUNT_CENTS, SHARE_CENTS

MAX_CENTS: Final = 10**13
"""A hundred thousand million euros: beyond any amount, far inside the database's range."""

_CALENDAR_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
RATE_PATTERN: Final = r"^(0(\.[0-9]{1,5})?|1(\.0{1,5})?)$"
_RATE = re.compile(RATE_PATTERN, re.ASCII)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names that it does not know, each with an error of its own."""

    def to_internal_value(self, data: Any) -> Any:
        """Report unknown names together with whatever else is wrong."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        errors: dict[str, Any] = {
            name: [serializers.ErrorDetail(_("There is no such field."), code="unknown_field")]
            for name in sorted(unknown)
        }
        value: Any = None
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as refused:
            detail: Any = refused.detail
            errors |= detail
        if errors:
            raise serializers.ValidationError(errors)
        return value


class Nothing(StrictSerializer):
    """A body that must be empty or absent."""


class WholeNumberField(serializers.IntegerField):
    """A JSON number without a point; neither text nor true and false."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number as it was given."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class CentsField(WholeNumberField):
    """An amount in whole cents."""

    def __init__(self, *, min_value: int = 0, max_value: int = MAX_CENTS, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)


@extend_schema_field(
    {
        "type": "integer",
        "minimum": SHARE_CENTS,
        "maximum": MAX_AMOUNT_CENTS,
        "multipleOf": SHARE_CENTS,
    }
)
class SharesField(CentsField):
    """An amount in shares of the market; the services refuse what lies between two."""


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": RATE_PATTERN, "example": "0.07250"}
)
class RateField(serializers.Field[Decimal, str, str, Any]):
    """A rate as a fraction in text, from 0 to 1 with five places: "0.0725" is 7.25 %."""

    default_error_messages = {
        "invalid": _('Give the rate as text, as a fraction up to 1: "0.0725" is 7.25 %.'),
    }

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the fraction exactly as written."""
        if not isinstance(data, str) or not _RATE.fullmatch(data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        """Write five places, without an exponent."""
        return f"{value:.5f}"


class TextField(serializers.CharField):
    """Text that was sent as text."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse numbers, which the framework would write as text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class OneOfField(serializers.ChoiceField):
    """One of several values, of the very same type."""

    def to_internal_value(self, data: Any) -> Any:
        """Compare without turning into text first."""
        for choice in self.choices:
            if type(choice) is type(data) and choice == data:
                return choice
        return self.fail("invalid_choice", input=data)


class DayField(serializers.DateField):
    """A calendar day, YYYY-MM-DD."""

    def to_internal_value(self, data: Any) -> date:
        """Refuse the other forms of ISO 8601, such as weeks."""
        if not isinstance(data, str) or not _CALENDAR_DAY.fullmatch(data):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class PublicIdField(serializers.UUIDField):
    """A UUID in its usual form."""

    def to_internal_value(self, data: Any) -> UUID:
        """Refuse numbers, urns and braces."""
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("invalid", value=data)
        return UUID(data)


class FlagField(serializers.BooleanField):
    """True or false, not a word for it."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse 1, "yes" and the like."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
