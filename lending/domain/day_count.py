"""How much of a year lies between two dates, by the convention a contract names."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Final, Literal, get_args

DayCount = Literal["german_30_360", "30e_360", "actual_365", "actual_360", "actual_actual"]
DAY_COUNTS: Final[tuple[DayCount, ...]] = get_args(DayCount)


def year_fraction(start: date, end: date, day_count: DayCount) -> Fraction:
    """Return the years from `start` to `end`: the first day does not count, the last does.

    German 30/360 takes the last day of February for the 30th, the Eurobond variant
    (30E/360) does not; actual/actual divides the days of each calendar year by its length.

    Raises:
        ValueError: `end` before `start`, or an unknown convention.
    Source:
        docs/figures.md, with a table of worked examples.
    """
    if end < start:
        raise ValueError("the end lies before the start")
    if day_count not in _CONVENTIONS:
        raise ValueError(f"unknown day count {day_count!r}")
    return _CONVENTIONS[day_count](start, end)


def _german_30_360(start: date, end: date) -> Fraction:
    return Fraction(_thirty_day_months(start, end, _german_day), 360)


def _eurobond_30_360(start: date, end: date) -> Fraction:
    return Fraction(_thirty_day_months(start, end, lambda day: min(day.day, 30)), 360)


def _actual_365(start: date, end: date) -> Fraction:
    return Fraction((end - start).days, 365)


def _actual_360(start: date, end: date) -> Fraction:
    return Fraction((end - start).days, 360)


def _actual_actual(start: date, end: date) -> Fraction:
    years = Fraction(0)
    for year in range(start.year, end.year + 1):
        first, last = max(start, date(year, 1, 1)), min(end, date(year + 1, 1, 1))
        years += Fraction((last - first).days, 366 if isleap(year) else 365)
    return years


def _thirty_day_months(start: date, end: date, day_of: Callable[[date], int]) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return months * 30 + day_of(end) - day_of(start)


def _german_day(day: date) -> int:
    is_end_of_february = day.month == 2 and day.day == monthrange(day.year, 2)[1]
    return 30 if is_end_of_february else min(day.day, 30)


_CONVENTIONS: Final[dict[str, Callable[[date, date], Fraction]]] = {
    "german_30_360": _german_30_360,
    "30e_360": _eurobond_30_360,
    "actual_365": _actual_365,
    "actual_360": _actual_360,
    "actual_actual": _actual_actual,
}
