"""A step of day end that is done key by key, in shards which several workers share.

The shards of a step are cut once and stored. Whoever works on one holds its advisory lock, which
ends with the connection: a worker that is killed leaves its shard free at once, and no clock has
to say when. The coordinator works as well, so that a day closes without any worker; then it waits
for shards that others still hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from django.db import transaction
from django.utils.module_loading import import_string

from core import clock
from core.jobs import enqueue
from core.models import DayEndRun, DayEndShard, ShardStatus
from core.only_one import only_one

_LOCKS: Final = 0x5348 << 48  # "SH" in ASCII, above every key of a shard
_WAIT_SECONDS: Final = 0.05
_MOST_HINTS: Final = 16


class Keys(Protocol):
    """Says which keys there are to do."""

    def __call__(self, *, on: date) -> Sequence[int]:
        """The keys for the date `on`, ascending."""


class Range(Protocol):
    """Does the keys between two, both included."""

    def __call__(self, *, first_key: int, last_key: int, on: date, at: datetime) -> dict[str, Any]:
        """Do what is still to be done of them; safe to run twice and by two at once."""


@dataclass(frozen=True)
class Partitioned:
    """A step in shards of `size` keys. The results of its shards are added up.

    What one key breaks is the act's own business: it sets the key aside and goes on. An error
    that leaves the act stops the day.
    """

    keys: Keys
    act: Range
    size: int = 500


Told = Callable[[int, int], None]
"""Hears how many shards are done, of how many."""


def run_partitioned(
    run: DayEndRun, name: str, step: Partitioned, *, at: datetime, told: Told
) -> dict[str, Any]:
    """Do a whole step: cut it, call for help, work, wait for the others; the sum of the results."""
    _cut(run, name, step)
    total = run.shards.filter(step=name).count()
    for _ in range(min(_open(run, name).count() - 1, _MOST_HINTS)):
        enqueue("core.work_on_shards", run_id=run.pk, step=name)
    left = total
    while left:
        worked = work_on_shards(run, name, at=at, told=told)
        left = _open(run, name).count()
        told(total - left, total)
        if left and not worked:
            time.sleep(_WAIT_SECONDS)
    return _sum_up(run.shards.filter(step=name).order_by("number"))


def work_on_shards(
    run: DayEndRun, name: str, *, at: datetime, told: Told = lambda done, total: None
) -> int:
    """Do every shard of a step that nobody else is at; returns how many."""
    step: Partitioned = import_string(name)
    done, total = 0, run.shards.filter(step=name).count()
    for shard_id in list(_open(run, name).order_by("number").values_list("pk", flat=True)):
        with only_one(_LOCKS | shard_id) as won:
            done += won and _do(step, shard_id, run.business_date, at=at)
        told(total - _open(run, name).count(), total)
    return done


@transaction.atomic
def _cut(run: DayEndRun, name: str, step: Partitioned) -> None:
    """Store the shards of a step, unless an earlier attempt did."""
    if run.shards.filter(step=name).exists():
        return
    keys = step.keys(on=run.business_date)
    parts = [keys[start : start + step.size] for start in range(0, len(keys), step.size)]
    DayEndShard.objects.bulk_create(
        DayEndShard(
            run=run,
            step=name,
            number=number,
            first_key=part[0],
            last_key=part[-1],
            keys_count=len(part),
        )
        for number, part in enumerate(parts, start=1)
    )


def _open(run: DayEndRun, name: str) -> Any:
    return run.shards.filter(step=name, status=ShardStatus.OPEN)


def _do(step: Partitioned, shard_id: int, on: date, *, at: datetime) -> bool:
    """Do one shard whose lock is held; false when another has done it meanwhile."""
    shard = DayEndShard.objects.get(pk=shard_id)
    if shard.status == ShardStatus.DONE:
        return False
    started_at = clock.now()
    DayEndShard.objects.filter(pk=shard_id).update(started_at=started_at)
    result = step.act(first_key=shard.first_key, last_key=shard.last_key, on=on, at=at)
    DayEndShard.objects.filter(pk=shard_id, status=ShardStatus.OPEN).update(
        status=ShardStatus.DONE, finished_at=max(clock.now(), started_at), result=result
    )
    return True


def _sum_up(shards: Iterable[DayEndShard]) -> dict[str, Any]:
    """Numbers added, lists joined in the order of the shards."""
    whole: dict[str, Any] = {}
    for shard in shards:
        for name, value in shard.result.items():
            whole[name] = whole[name] + value if name in whole else value
    return whole
