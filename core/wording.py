"""Amounts, rates and dates as people read them, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from django.utils import translation

from core.money import format_cents
from core.zone import market_zone


def locale() -> str:
    """The active language as a Babel locale; English is written the British way."""
    return "de_DE" if (translation.get_language() or "de").startswith("de") else "en_GB"


def euro(cents: int) -> str:
    """`1.234,56 €` in German, `€1,234.56` in English."""
    return format_cents(cents, locale())


def percent(rate: Decimal | float, digits: int = 2) -> str:
    """A fraction as percent: 0.0725 is `7,25 %` in German, `7.25%` in English; no negative zero."""
    shown = round(Decimal(rate), digits + 2) + 0
    return format_percent(shown, format=_percent_pattern(digits), locale=locale())


def _percent_pattern(digits: int) -> str:
    places = "." + "0" * digits if digits else ""
    space = "\u00a0" if locale() == "de_DE" else ""
    return f"#,##0{places}{space}%"


def number(value: Decimal | int) -> str:
    """A plain number with grouping."""
    return format_decimal(value, locale=locale())


def day(on: date) -> str:
    """`23.11.2026` in German, `23 Nov 2026` in English."""
    return format_date(on, "dd.MM.yyyy" if locale() == "de_DE" else "d MMM yyyy", locale=locale())


def month(on: date) -> str:
    """`März 2026`, `March 2026`."""
    return str(format_date(on, "LLLL yyyy", locale=locale()))


def instant(at: datetime) -> str:
    """Day and minute in the market's zone."""
    pattern = "dd.MM.yyyy, HH:mm" if locale() == "de_DE" else "d MMM yyyy, HH:mm"
    return format_datetime(at.astimezone(market_zone()), pattern, locale=locale())


def facts_in_words(facts: Mapping[str, object]) -> dict[str, str]:
    """Figures for a sentence: `minimum_cents` becomes `minimum`, `floor_rate` becomes `floor`."""
    return dict(_in_words(name, value) for name, value in facts.items())


def _in_words(name: str, value: object) -> tuple[str, str]:
    if name.endswith("_cents") and isinstance(value, int):
        return name.removesuffix("_cents"), euro(value)
    if name.endswith("_rate") and isinstance(value, Decimal):
        return name.removesuffix("_rate"), percent(value)
    if isinstance(value, datetime):
        return name, instant(value)
    if isinstance(value, date):
        return name, day(value)
    return name, str(value)
