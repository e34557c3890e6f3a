"""Day end: closes one business date after the other, each step once, whoever starts it.

The steps stand in `settings.DAY_END_STEPS`, one list in one place, as dotted names of functions
`step(*, on: date, at: datetime) -> dict`, or of a `core.shards.Partitioned`. A step is idempotent
by itself; the rows here keep a finished step from being run again and show staff what each one
did. An advisory lock lets two schedulers start at once and the day still close once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from core import clock
from core.models import DayEndRun, DayEndStep, MarketDay
from core.only_one import only_one
from core.shards import Partitioned, Told, run_partitioned

LOCK: Final = 0x50415249  # "PARI" in ASCII


class Step(Protocol):
    """One act of day end for the date `on`; returns what it did, for the record."""

    def __call__(self, *, on: date, at: datetime) -> dict[str, Any]:
        """Do all that is due on `on`; safe to run twice."""


def _silence(done: int, total: int) -> None:
    """Tell nobody how far a step is."""


def close_day(
    *,
    at: datetime,
    told: Callable[[str], None] = lambda name: None,
    told_shards: Told = _silence,
) -> date | None:
    """Close the open business date and open the next; None when another scheduler is at it.

    Args:
        told: called with each step's name before it runs, for a progress bar.
        told_shards: called with how many shards of a step are done, of how many.
    """
    with only_one(LOCK) as won:
        if not won:
            return None
        on = clock.business_date()
        run, _ = DayEndRun.objects.get_or_create(business_date=on, defaults={"started_at": at})
        done = set(run.steps.values_list("name", flat=True))
        for name in settings.DAY_END_STEPS:
            if name not in done:
                told(name)
                _run_step(run, name, at=at, told=told_shards)
        _open_next(run, at=at)
        return on


def _run_step(run: DayEndRun, name: str, *, at: datetime, told: Told) -> None:
    step: Step | Partitioned = import_string(name)
    if isinstance(step, Partitioned):
        result = run_partitioned(run, name, step, at=at, told=told)
    else:
        result = step(on=run.business_date, at=at)
    DayEndStep.objects.create(run=run, name=name, finished_at=clock.now(), result=result)


@transaction.atomic
def _open_next(run: DayEndRun, *, at: datetime) -> None:
    following = run.business_date + timedelta(days=1)
    DayEndRun.objects.filter(pk=run.pk).update(finished_at=max(clock.now(), run.started_at))
    MarketDay.objects.filter(pk=MarketDay.ONLY, business_date=run.business_date).update(
        business_date=following
    )


def catch_up(
    *,
    until: date,
    told: Callable[[date], None] = lambda on: None,
    told_step: Callable[[str], None] = lambda name: None,
    told_shards: Told = _silence,
) -> int:
    """Close every day before `until`, one by one; returns how many were closed here.

    The lock is held over the whole row of days, so that a second scheduler, which looked at the
    date before the first was done, cannot close a day too many.

    Args:
        told: called with each day that was closed; `told_step` with each step before it runs;
            `told_shards` with how many shards of it are done, of how many.
    """
    closed = 0
    with only_one(LOCK) as won:
        while won and clock.business_date() < until:
            on = close_day(at=clock.now(), told=told_step, told_shards=told_shards)
            if on is None:
                break
            closed += 1
            told(on)
    return closed
