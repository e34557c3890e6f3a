"""On which days a loan falls due, on which a payment can be made, and how late it then is."""

from __future__ import annotations

from datetime import date
from typing import Final

from core.dates import add_months, target_day_on_or_after

DUE_DAYS: Final = (1, 15)
"""The days of the month among which a borrower chooses."""


def first_due_on(disbursed_on: date, due_day: int) -> date:
    """Return the first `due_day` of a month that lies at least one month after the payout.

    Raises:
        ValueError: a day that is not on offer.
    """
    if due_day not in DUE_DAYS:
        raise ValueError(f"payments fall due on one of the days {DUE_DAYS}")
    earliest = add_months(disbursed_on, 1)
    this_month = earliest.replace(day=due_day)
    return this_month if this_month >= earliest else add_months(this_month, 1)


def payable_on(due_on: date) -> date:
    """Return the banking day on which a payment due on `due_on` can be made.

    A weekend or a TARGET holiday moves the payment to the next banking day; interest and
    the due date itself stay where they are.
    """
    return target_day_on_or_after(due_on)


def days_past_due(oldest_due_on: date | None, on: date) -> int:
    """Return the days since the oldest due date not fully paid; 0 when there is none.

    Counted from the banking day on which the payment could be made: 0 on that day.
    """
    if oldest_due_on is None or on <= oldest_due_on:
        return 0
    return max((on - payable_on(oldest_due_on)).days, 0)
