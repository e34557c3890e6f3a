"""Whole cents: the one place that rounds, divides, writes and reads amounts of money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from functools import cache
from typing import Final, Literal

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol, get_decimal_symbol, get_group_symbol

Rounding = Literal["half_up", "half_even", "up"]

_MODES: Final[dict[str, str]] = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "up": ROUND_UP,
}
_LARGEST_CENTS: Final = 10**15
_SPACES: Final = re.compile(r"[ \u00a0\u2009\u202f]")


class AmountError(ValueError):
    """A text that is no clear amount of money; `code` names why.

    Codes: "empty", "not_a_number", "ambiguous" (separators of another country or
    out of place), "too_precise" (parts of a cent), "negative", "too_large".
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def to_cents(amount: Decimal, rounding: Rounding = "half_up") -> int:
    """Round a number of cents, fractions included, to whole cents.

    "half_up" and "up" go away from zero, so a negative amount mirrors its positive.
    """
    if rounding not in _MODES:
        raise ValueError(f"unknown rounding {rounding!r}")
    return int(amount.to_integral_value(rounding=_MODES[rounding]))


def split_cents(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Divide `total_cents` in proportion to `weights`, to the cent.

    Everyone gets the floor of the exact share; the spare cents go one each to the
    largest remainders, ties by position. Nobody is off by a whole cent. A negative
    total (a reversal) is the mirror of the same positive total. Where all weights
    are zero a total of zero is shared as zeros.

    Raises:
        ValueError: a negative weight, or money with nobody to give it to.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    weight_sum = sum(weights)
    if weight_sum == 0:
        if total_cents:
            raise ValueError("there is nobody to share this amount")
        return [0] * len(weights)
    if total_cents < 0:
        return [-part for part in split_cents(-total_cents, weights)]
    parts, remainders = [], []
    for weight in weights:
        floor, remainder = divmod(total_cents * weight, weight_sum)
        parts.append(floor)
        remainders.append(remainder)
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: total_cents - sum(parts)]:
        parts[index] += 1
    return parts


def format_cents(cents: int, locale: str, currency: str = "EUR") -> str:
    """Write an amount as people of `locale` do: `1.234,56 €` (de), `€1,234.56` (en)."""
    positive, negative, group, point = _shape(locale, currency)
    before, after = negative if cents < 0 else positive
    whole, rest = divmod(abs(cents), 100)
    return f"{before}{whole:,}".replace(",", group) + f"{point}{rest:02d}{after}"


@cache
def _shape(locale: str, currency: str) -> tuple[tuple[str, str], tuple[str, str], str, str]:
    """What stands before and after a positive and a negative amount; both separators.

    Asking Babel for each amount takes twenty times as long, and pages show hundreds.
    """
    spoken = _locale(locale)
    point = get_decimal_symbol(spoken)

    def around(one: int) -> tuple[str, str]:
        before, _, after = format_currency(one, currency, locale=spoken).partition(f"1{point}00")
        return before, after

    return around(1), around(-1), get_group_symbol(spoken), point


def parse_cents(text: str, locale: str, currency: str = "EUR") -> int:
    """Read an amount that a person typed; the currency's sign or code may stand on either side.

    Thousands may be set off by the locale's sign or by spaces, then in groups of three
    throughout. What another locale would read differently is refused, not guessed.

    Raises:
        AmountError: a ValueError with a `code`.
    """
    number = _without_currency(text, locale, currency)
    if not number:
        raise AmountError("empty")
    if number[0] in "-\u2212":
        raise AmountError("negative")
    if not re.fullmatch(r"[0-9]+([.,' ][0-9]+)*", number):
        raise AmountError("not_a_number")
    whole, _, fraction = number.partition(get_decimal_symbol(_locale(locale)))
    group = re.escape(get_group_symbol(_locale(locale)))
    grouped = rf"[0-9]{{1,3}}((?:{group}[0-9]{{3}})+|(?: [0-9]{{3}})+)"
    if not re.fullmatch(rf"[0-9]+|{grouped}", whole) or not re.fullmatch("[0-9]*", fraction):
        raise AmountError("ambiguous")
    if len(fraction) > 2:
        raise AmountError("too_precise")
    cents = int(re.sub(r"\D", "", whole)) * 100 + int(fraction.ljust(2, "0") or 0)
    if cents > _LARGEST_CENTS:
        raise AmountError("too_large")
    return cents


def _without_currency(text: str, locale: str, currency: str) -> str:
    """Strip spaces and one mark of the currency, before or after the number."""
    number = _SPACES.sub(" ", text).strip()
    for mark in (get_currency_symbol(currency, locale=_locale(locale)), currency):
        if number.upper().startswith(mark):
            return number[len(mark) :].strip()
        if number.upper().endswith(mark):
            return number[: -len(mark)].strip()
    return number


def _locale(name: str) -> Locale:
    """Take Django's spelling of a language ("en-gb") as well as Babel's."""
    return Locale.parse(name.replace("-", "_"))
