"""Calendar steps: months from an anchor, and the days on which euro payments settle."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import cache

from holidays import HolidayBase, financial_holidays

ONE_DAY = timedelta(days=1)


def add_months(anchor: date, months: int) -> date:
    """Return the day `months` after `anchor`, or that month's last day where it is missing.

    Step from the first date, not from the last result: 31 Jan, 28 Feb, 31 Mar.
    """
    years, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(years, month + 1, min(anchor.day, monthrange(years, month + 1)[1]))


def month_range(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month that holds `day`."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def is_target_day(day: date) -> bool:
    """True when TARGET, the settlement system of the euro, is open."""
    return day.weekday() < 5 and day not in _target_holidays()


def target_day_on_or_after(day: date) -> date:
    """Return `day`, or the next day on which TARGET is open."""
    while not is_target_day(day):
        day += ONE_DAY
    return day


def business_days_before(day: date, count: int) -> date:
    """Return the TARGET day that lies `count` TARGET days before `day`."""
    if count < 0:
        raise ValueError("count must not be negative")
    for _ in range(count):
        day -= ONE_DAY
        while not is_target_day(day):
            day -= ONE_DAY
    return day


def business_days_after(day: date, count: int) -> date:
    """Return the TARGET day that lies `count` TARGET days after `day`."""
    if count < 0:
        raise ValueError("count must not be negative")
    for _ in range(count):
        day = target_day_on_or_after(day + ONE_DAY)
    return day


@cache
def _target_holidays() -> HolidayBase:
    """Weekdays on which TARGET rests; further years are added as they are asked for."""
    return financial_holidays("ECB")
