"""The annual percentage rate of charge, as European consumer credit law defines it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final

from core.dates import add_months
from lending.domain.discounting import log_roots, net_by_time

Years = Decimal | Fraction | float
Amount = Decimal | int | float

_LOWEST: Final = math.log(1 - 0.99)
_HIGHEST: Final = math.log(1 + 1e8)
_MONTHS_OF_RHYTHM: Final = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_SPECK: Final = 1e-12
"""A root at exactly zero may come out of floats on either side of it."""
_PLACES: Final = Decimal("1e-20")


def apr(
    drawdowns: Sequence[tuple[Years, Amount]], repayments: Sequence[tuple[Years, Amount]]
) -> Decimal:
    """Return X at which drawdowns and repayments are worth the same, as a fraction per year.

    The sum of C * (1 + X) ** -t over the drawdowns equals that over the repayments; times
    count in years from the first drawdown and may be negative for earlier charges, which
    can give two solutions: the one at or above zero and nearest to it counts. Given to 20
    places; `apr_percent` writes it as the law wants it shown.

    Raises:
        ValueError: no solution between -99 % and 10**10 %, such as when nothing is repaid.
    Source:
        Directive (EU) 2023/2225, annex III; see docs/figures.md.
    """
    drawn = [(_decimal(years), -_decimal(amount)) for years, amount in drawdowns]
    repaid = [(_decimal(years), _decimal(amount)) for years, amount in repayments]
    flows = list(net_by_time([*drawn, *repaid]).items())
    floats = [(float(years), float(amount)) for years, amount in flows]
    roots = log_roots(floats, _LOWEST, _HIGHEST)
    if not roots:
        raise ValueError("no annual percentage rate solves these payments")
    above = [root for root in roots if root > -_SPECK]
    return _polish(flows, above[0] if above else roots[-1])


def apr_percent(rate: Decimal) -> Decimal:
    """Return the rate in per cent with two decimals, half up: 0.0643441 is 6.43."""
    return (rate * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def years_between(start: date, end: date, *, rhythm: str = "month") -> Fraction:
    """Return the years from `start` to a payment at `end`, on the APR's own time axis.

    Whole periods of the rhythm ("week", "month", "quarter", "half_year", "year") are
    counted back from `end`, each exactly 1/52 or n/12 of a year; the days that remain,
    without the first and with the last, count against the length of the year that ends
    where they end. A date before `start` gives the negative of the mirrored span.

    Source:
        Directive (EU) 2023/2225, annex III, part I, remark (c).
    """
    if end < start:
        return -years_between(end, start, rhythm=rhythm)
    if rhythm == "week":
        weeks = (end - start).days // 7
        return Fraction(weeks, 52) + _days_of_year(start, end - timedelta(weeks=weeks))
    if rhythm not in _MONTHS_OF_RHYTHM:
        raise ValueError(f"unknown rhythm {rhythm!r}")
    step = _MONTHS_OF_RHYTHM[rhythm]
    periods = ((end.year - start.year) * 12 + end.month - start.month) // step
    if add_months(start, periods * step) == end:  # 31 January to 28 February is one month
        return Fraction(periods * step, 12)
    if add_months(end, -periods * step) < start:
        periods -= 1
    return Fraction(periods * step, 12) + _days_of_year(start, add_months(end, -periods * step))


def _days_of_year(start: date, end: date) -> Fraction:
    """Share of the days after `start` up to `end` in the year that ends with `end`."""
    return Fraction((end - start).days, (end - add_months(end, -12)).days)


def _decimal(number: Years | Amount) -> Decimal:
    if isinstance(number, Fraction):
        with localcontext(prec=40):
            return Decimal(number.numerator) / number.denominator
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _polish(flows: Sequence[tuple[Decimal, Decimal]], log_rate: float) -> Decimal:
    """Sharpen a root found in floats by Newton's steps at 40 digits; return e**root - 1."""
    with localcontext(prec=40):
        root = Decimal(log_rate)
        for _ in range(3):
            values = [(years, amount * (-root * years).exp()) for years, amount in flows]
            slope = sum(-years * value for years, value in values)
            if slope == 0:
                break
            root -= sum(value for _, value in values) / slope
        return (root.exp() - 1).quantize(_PLACES) + 0  # no negative zero
