"""What the clock starts: day end, once the calendar has left the business date behind."""

from __future__ import annotations

from celery import shared_task

from core import clock, day_end
from core.models import DayEndRun
from core.shards import work_on_shards as work


@shared_task(name="core.run_day_end_due")
def run_day_end_due() -> int:
    """Close every business date before today, one by one; returns how many were closed here.

    A market on a virtual clock is left alone: its days end when someone moves it.
    """
    if clock.market_day().is_virtual:
        return 0
    return day_end.catch_up(until=clock.calendar_date())


@shared_task(name="core.work_on_shards")
def work_on_shards(run_id: int, step: str) -> int:
    """Help with a step of a day end that is under way; returns how many shards were done here.

    A hint that comes too late finds no open shard.
    """
    run = DayEndRun.objects.filter(pk=run_id, finished_at__isnull=True).first()
    return work(run, step, at=clock.now()) if run else 0
