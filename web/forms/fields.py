"""Fields for amounts and rates, as people of either language type them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from babel.numbers import format_decimal
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import wording
from core.money import AmountError, parse_cents
from lending.choices import Cover

_OTHER: Final = {"de_DE": "en_GB", "en_GB": "de_DE"}
_REFUSALS: Final = {
    "not_a_number": _("Please enter an amount, for example 1,250.00."),
    "ambiguous": _("Please enter an amount, for example 1,250.00."),
    "too_precise": _("Please enter at most two digits for the cents."),
    "negative": _("Please enter an amount above zero."),
    "too_large": _("This amount is too large."),
}


class MoneyField(forms.Field):
    """An amount in euros, read into cents; what could be read in two ways is refused."""

    unit = "€"

    def __init__(self, *, minimum_cents: int = 0, **kwargs: Any) -> None:
        self.minimum_cents = minimum_cents
        kwargs.setdefault(
            "widget",
            forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        """Read the text into cents."""
        if value in self.empty_values:
            return None
        try:
            return _read_amount(str(value))
        except AmountError as error:
            raise ValidationError(_REFUSALS[error.code], code=error.code) from error

    def validate(self, value: int | None) -> None:
        """Refuse less than the smallest amount."""
        super().validate(value)
        if value is not None and value < self.minimum_cents:
            raise ValidationError(
                _("Please enter at least %(minimum)s.")
                % {"minimum": wording.euro(self.minimum_cents)},
                code="too_small",
            )

    def prepare_value(self, value: Any) -> Any:
        """Write stored cents as a person would type them; typed text stays as it is."""
        return write_amount(value) if isinstance(value, int) else value


def _read_amount(text: str) -> int:
    """Read in the page's language; where that is impossible, in the other one."""
    try:
        return parse_cents(text, wording.locale())
    except AmountError as error:
        if error.code != "ambiguous":
            raise
        return parse_cents(text, _OTHER[wording.locale()])


def write_amount(cents: int) -> str:
    """`125000` is `1.250` in German; cents are written only where there are some."""
    pattern = "#,##0" if cents % 100 == 0 else "#,##0.00"
    return str(format_decimal(Decimal(cents).scaleb(-2), format=pattern, locale=wording.locale()))


class PercentField(forms.Field):
    """A rate in percent, read into a fraction: `7,25` and `7.25` are both 0.0725."""

    unit = "%"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget",
            forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        """Read the text into a fraction of one."""
        if value in self.empty_values:
            return None
        text = re.sub(r"[\s%\u00a0\u202f]", "", str(value)).replace(",", ".")
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text):
            raise ValidationError(
                _("Please enter a rate in percent, for example 7.25."), code="not_a_rate"
            )
        rate = Decimal(text).scaleb(-2)
        if rate > 1:
            raise ValidationError(_("A rate above 100 percent cannot be right."), code="too_large")
        return rate

    def prepare_value(self, value: Any) -> Any:
        """Write a stored fraction in percent; typed text stays as it is."""
        if not isinstance(value, Decimal):
            return value
        return str(format_decimal(value * 100, format="#,##0.##", locale=wording.locale()))


class CoverField(forms.ChoiceField):
    """Solo or the grade pool; whoever says nothing has not chosen the pool."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.RadioSelect(attrs={"choices_class": "choices-half"}))
        super().__init__(
            label=_("Cover"), choices=Cover.choices, initial=Cover.SOLO.value, **kwargs
        )

    def clean(self, value: Any) -> Cover:
        """Read what was chosen."""
        return Cover(super().clean(value or Cover.SOLO.value))


class DayField(forms.DateField):
    """A day, chosen in the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        super().__init__(**kwargs)
        self.input_formats = ["%Y-%m-%d", "%d.%m.%Y"]
