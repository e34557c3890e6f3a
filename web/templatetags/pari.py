"""How amounts, rates, days and shares are written on a page, in the active language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import wording
from core.money import to_cents
from lending.models import LoanEvent

register = template.Library()
_MINUS: Final = "\u2212"


@register.filter
def euro(cents: int | None) -> str:
    """`123456` is `1.234,56 €` in German, `€1,234.56` in English; nothing is an en dash."""
    return "–" if cents is None else wording.euro(int(cents)).replace("-", _MINUS)


@register.filter
def whole_euro(cents: int | None) -> str:
    """An amount without cents, for axes and round figures: `1.235 €`."""
    if cents is None:
        return "–"
    pattern = "#,##0\u00a0¤" if wording.locale() == "de_DE" else "¤#,##0"
    euros = Decimal(to_cents(Decimal(int(cents)) / 100))
    return str(
        format_currency(
            euros, "EUR", format=pattern, locale=wording.locale(), currency_digits=False
        )
    )


@register.filter
def percent(rate: Decimal | float | None, digits: int = 2) -> str:
    """A fraction as percent: 0.0725 is `7,25 %` in German."""
    return "–" if rate is None else wording.percent(rate, int(digits)).replace("-", _MINUS)


@register.filter
def points(difference: Decimal) -> str:
    """A difference of two percentages in points, with its sign: `+0.25`, `\u22121.30`."""
    shown = format_decimal(difference, format="+#,##0.00;-#,##0.00", locale=wording.locale())
    return str(shown).replace("-", _MINUS) if difference else str(shown).lstrip("+")


@register.filter
def share(part: Decimal | float | None) -> str:
    """A share of a whole in full percent, never rounded up to all of it: 0.999 is `99 %`."""
    if part is None:
        return "–"
    return wording.percent(int(Decimal(str(part)) * 100) / Decimal(100), 0)


@register.filter
def day(on: date | None) -> str:
    """`23.11.2026` in German, `23 Nov 2026` in English."""
    return "–" if on is None else wording.day(on)


@register.filter
def instant(at: datetime | None) -> str:
    """Day and minute in the market's zone."""
    return "–" if at is None else wording.instant(at)


@register.filter
def count(number: int | Decimal | None) -> str:
    """A plain number with grouping."""
    return "–" if number is None else wording.number(number)


@register.filter
def months(number: int | None) -> str:
    """A term in words: `36 months`."""
    if number is None:
        return "–"
    return ngettext("%(count)s month", "%(count)s months", number) % {"count": number}


@register.filter
def plain(value: Any) -> str:
    """A value as machines read it: no grouping, a point before decimals."""
    return str(value)


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """The entry of `mapping` under a key that is itself a variable."""
    return mapping.get(key)


@register.filter
def iso(on: date | datetime | None) -> str:
    """A date as `<time datetime>` wants it."""
    return on.isoformat() if on else ""


@register.filter
def month_short(on: date) -> str:
    """The first letters of a month, for an axis."""
    return str(format_date(on, "LLL", locale=wording.locale())).removesuffix(".")[:3]


@register.filter
def month_year(on: date) -> str:
    """`März 2026`, `March 2026`."""
    return wording.month(on)


@register.filter
def days_until(until: date | None, today: date) -> str:
    """How long something is still open, in words: `today`, `3 days`."""
    if until is None:
        return "–"
    days = (until - today).days
    if days <= 0:
        return str(_("today"))
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


@register.filter
def due_day(number: int) -> str:
    """The day of the month on which instalments are collected, in words."""
    words = {1: _("1st of the month"), 15: _("15th of the month")}
    return words.get(number, str(number))


@register.filter
def event_mood(event: LoanEvent) -> str:
    """The class that colours a line of a loan's timeline: good, bad, a warning, or none."""
    return _MOODS.get(event.kind, "")


_MOODS: Final = {
    **dict.fromkeys(
        ("disbursed", "paid", "repaid", "cured", "sound", "recovered", "settled"), "is-good"
    ),
    **dict.fromkeys(
        ("returned", "reversed", "defaulted", "terminated", "sold", "written_off"), "is-bad"
    ),
    **dict.fromkeys(("late", "reminded", "notice", "collecting"), "is-warn"),
}
