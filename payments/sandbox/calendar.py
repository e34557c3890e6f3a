"""Days on which euros move between banks."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import holidays


@cache
def _closed(year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays("ECB", years=year))


def is_bank_day(on: date) -> bool:
    """Whether the euro payment system is open."""
    return on.weekday() < 5 and on not in _closed(on.year)


def bank_day_from(on: date) -> date:
    """`on` itself, or the next bank day after it."""
    while not is_bank_day(on):
        on += timedelta(days=1)
    return on


def add_bank_days(on: date, days: int) -> date:
    """The bank day that comes `days` bank days after `on`."""
    for _ in range(days):
        on = bank_day_from(on + timedelta(days=1))
    return on
