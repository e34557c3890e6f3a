"""A step in shards is done once, by whoever is there, and goes on where it stopped."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, connections
from django.utils.module_loading import import_string

from core import clock, day_end
from core.models import DayEndRun, DayEndShard, ShardStatus
from core.shards import _cut, work_on_shards
from core.tasks import work_on_shards as hint
from tests.core import steps
from tests.core.locks import LOCKS_HELD
from tests.core.steps import Diary
from tests.core.test_day_end import AT, START

STEP = "tests.core.steps.in_shards"
RANGES = ["1-3", "4-9", "11-12"]


@pytest.fixture
def diary(settings: object) -> Diary:
    settings.DAY_END_STEPS = steps.SHARDED  # type: ignore[attr-defined]
    diary = steps.fresh_diary()
    diary.keys = [1, 2, 3, 4, 8, 9, 11, 12]
    return diary


@pytest.fixture
def open_day(db: None) -> None:
    clock.set_business_date(START, is_virtual=True)


@pytest.fixture
def open_day_for_threads(transactional_db: None) -> None:
    clock.set_business_date(START, is_virtual=True)


@pytest.fixture
def alone(settings: object) -> None:
    """No other step in the way."""
    settings.DAY_END_STEPS = (STEP,)  # type: ignore[attr-defined]


def _ran(diary: Diary) -> list[str]:
    return [name for name, _ in diary.ran]


def test_the_shards_of_a_step_are_done_in_order_and_added_up(diary: Diary, open_day: None) -> None:
    told: list[tuple[int, int]] = []
    day_end.close_day(at=AT, told_shards=lambda done, total: told.append((done, total)))
    assert _ran(diary) == ["first", *RANGES, "second"]
    run = DayEndRun.objects.get()
    assert run.steps.get(name=STEP).result == {"sum": 50, "firsts": [1, 4, 11]}
    assert told == [(1, 3), (2, 3), (3, 3), (3, 3)]
    shards = run.shards.order_by("number")
    assert [shard.keys_count for shard in shards] == [3, 3, 2]
    assert {shard.status for shard in shards} == {ShardStatus.DONE}


def test_a_step_without_keys_has_no_shards(diary: Diary, open_day: None) -> None:
    diary.keys = []
    day_end.close_day(at=AT)
    assert _ran(diary) == ["first", "second"]
    assert not DayEndShard.objects.exists()


def test_a_shard_that_breaks_stops_the_day_which_goes_on_at_that_shard(
    diary: Diary, open_day: None
) -> None:
    diary.fails_at = {8}
    with pytest.raises(RuntimeError):
        day_end.close_day(at=AT)
    assert clock.business_date() == START
    diary.keys.append(13)  # too late: what has been cut stays cut
    day_end.close_day(at=AT)
    assert _ran(diary) == ["first", *RANGES, "second"]


def test_a_hint_that_comes_too_late_does_nothing(diary: Diary, open_day: None) -> None:
    day_end.close_day(at=AT)
    before = list(diary.ran)
    assert hint(run_id=DayEndRun.objects.get().pk, step=STEP) == 0
    assert hint(run_id=0, step=STEP) == 0
    assert diary.ran == before


def test_two_workers_share_the_shards_and_do_none_twice(
    diary: Diary, alone: None, open_day_for_threads: None
) -> None:
    diary.waits_at = {4}
    diary.may_go_on.clear()
    closed: list[object] = []

    def coordinator() -> None:
        closed.append(day_end.close_day(at=AT))
        connections.close_all()

    thread = Thread(target=coordinator)
    thread.start()
    assert diary.started.wait(timeout=20)
    run = DayEndRun.objects.get()
    try:
        assert work_on_shards(run, STEP, at=AT) == 1  # the one that nobody is at
        assert work_on_shards(run, STEP, at=AT) == 0
    finally:
        diary.may_go_on.set()
        thread.join(timeout=20)
    assert closed == [START]
    assert sorted(_ran(diary)) == sorted(RANGES)
    assert clock.business_date() == START + timedelta(days=1)


def test_the_coordinator_waits_for_a_shard_that_another_holds(
    diary: Diary, alone: None, open_day_for_threads: None
) -> None:
    diary.waits_at = {4}
    diary.may_go_on.clear()
    run = DayEndRun.objects.create(business_date=START, started_at=AT)
    _cut(run, STEP, import_string(STEP))
    worked: list[int] = []

    def worker() -> None:
        worked.append(work_on_shards(run, STEP, at=AT))
        connections.close_all()

    thread = Thread(target=worker)
    thread.start()
    assert diary.started.wait(timeout=20)
    told: list[tuple[int, int]] = []

    def release(done: int, total: int) -> None:
        told.append((done, total))
        diary.may_go_on.set()

    try:
        day_end.close_day(at=AT, told_shards=release)
    finally:
        diary.may_go_on.set()
        thread.join(timeout=20)
    assert told[-1] == (3, 3)
    assert sorted(_ran(diary)) == sorted(RANGES)


def test_the_locks_are_given_back(diary: Diary, open_day: None) -> None:
    diary.fails_at = {8}
    with pytest.raises(RuntimeError):
        day_end.close_day(at=AT)
    with connection.cursor() as cursor:
        cursor.execute(LOCKS_HELD)
        assert cursor.fetchone() == (0,)
