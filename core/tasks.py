"""What the clock starts: day end, once the calendar has left the business date behind."""

from __future__ import annotations

from celery import shared_task

from core import clock, day_end


@shared_task(name="core.run_day_end_due")
def run_day_end_due() -> int:
    """Close every business date before today, one by one; returns how many were closed here.

    A market on a virtual clock is left alone: its days end when someone moves it.
    """
    if clock.market_day().is_virtual:
        return 0
    return day_end.catch_up(until=clock.calendar_date())
