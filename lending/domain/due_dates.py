"""On which day a payment can be made, and how late it then is."""

from __future__ import annotations

from datetime import date

from core.dates import target_day_on_or_after


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
