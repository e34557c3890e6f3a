"""Day end closes each day once, whoever starts it, and goes on where it stopped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from threading import Barrier, Thread

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.utils.module_loading import import_string

from core import clock, day_end
from core.models import DayEndRun, DayEndStep
from core.shards import Partitioned
from core.tasks import run_day_end_due
from tests.core import steps
from tests.core.locks import LOCKS_HELD
from tests.core.steps import Diary

START = date(2026, 1, 30)
AT = datetime(2026, 1, 30, 20, 0, tzinfo=UTC)


def _days(count: int) -> list[date]:
    return [START + timedelta(days=index) for index in range(count)]


def _each_step_on(days: list[date]) -> list[tuple[str, date]]:
    return [(name, on) for on in days for name in ("first", "second")]


@pytest.fixture
def diary(settings: object) -> Diary:
    settings.DAY_END_STEPS = steps.NAMES  # type: ignore[attr-defined]
    return steps.fresh_diary()


@pytest.fixture
def open_day(db: None) -> None:
    clock.set_business_date(START, is_virtual=True)


@pytest.fixture
def open_day_for_threads(transactional_db: None) -> None:
    clock.set_business_date(START, is_virtual=True)


def test_the_steps_of_the_house_can_be_imported(settings: object) -> None:
    for name in settings.DAY_END_STEPS:  # type: ignore[attr-defined]
        step = import_string(name)
        assert callable(step) or isinstance(step, Partitioned)


def test_a_day_is_closed_step_by_step_and_the_next_one_opens(diary: Diary, open_day: None) -> None:
    told: list[str] = []
    assert day_end.close_day(at=AT, told=told.append) == START
    assert diary.ran == _each_step_on([START])
    assert told == list(steps.NAMES)
    assert clock.business_date() == START + timedelta(days=1)
    run = DayEndRun.objects.get()
    assert (run.business_date, run.started_at) == (START, AT)
    assert run.finished_at is not None
    assert run.steps.get(name=steps.NAMES[0]).result == {"on": START.isoformat()}


def test_missed_days_are_closed_one_by_one_and_never_again(diary: Diary, open_day: None) -> None:
    until = START + timedelta(days=4)
    told: list[date] = []
    assert day_end.catch_up(until=until, told=told.append) == 4
    assert told == _days(4)
    assert diary.ran == _each_step_on(_days(4))
    assert day_end.catch_up(until=until) == 0
    assert clock.business_date() == until
    assert DayEndStep.objects.count() == 8


def test_a_step_that_breaks_stops_the_day_and_the_next_run_goes_on_there(
    diary: Diary, open_day: None
) -> None:
    diary.fails_on = {START}
    with pytest.raises(RuntimeError):
        day_end.catch_up(until=START + timedelta(days=2))
    assert clock.business_date() == START
    assert DayEndRun.objects.get().finished_at is None
    assert day_end.catch_up(until=START + timedelta(days=2)) == 2
    assert diary.ran == _each_step_on(_days(2))  # the finished first step was not run again


def test_a_step_whose_record_was_lost_runs_again(
    diary: Diary, open_day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(**_: object) -> None:
        raise RuntimeError("killed before the record")

    with monkeypatch.context() as broken:
        broken.setattr(DayEndStep.objects, "create", lose)
        with pytest.raises(RuntimeError):
            day_end.close_day(at=AT)
    day_end.close_day(at=AT)
    assert diary.ran == [("first", START), *_each_step_on([START])]


def test_a_scheduler_that_is_killed_leaves_the_day_to_another(
    diary: Diary, open_day_for_threads: None
) -> None:
    diary.dies_on = {START}
    errors: list[Exception] = []

    def killed() -> None:
        try:
            day_end.catch_up(until=START + timedelta(days=2))
        except OperationalError as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=killed)
    thread.start()
    thread.join(timeout=20)
    assert len(errors) == 1
    assert clock.business_date() == START
    assert day_end.catch_up(until=START + timedelta(days=2)) == 2
    assert diary.ran == _each_step_on(_days(2))


def test_a_second_scheduler_steps_back_while_the_first_is_at_it(
    diary: Diary, open_day_for_threads: None
) -> None:
    diary.may_go_on.clear()
    closed: list[int] = []

    def first_scheduler() -> None:
        closed.append(day_end.catch_up(until=START + timedelta(days=2)))
        connections.close_all()

    thread = Thread(target=first_scheduler)
    thread.start()
    assert diary.started.wait(timeout=20)
    try:
        assert day_end.catch_up(until=START + timedelta(days=2)) == 0
        assert day_end.close_day(at=AT) is None
    finally:
        diary.may_go_on.set()
        thread.join(timeout=20)
    assert closed == [2]
    assert diary.ran == _each_step_on(_days(2))


def test_many_schedulers_at_once_close_no_day_twice_and_none_too_many(
    diary: Diary, open_day_for_threads: None
) -> None:
    until, threads_count = START + timedelta(days=6), 4
    closed: list[int] = []
    together = Barrier(threads_count)

    def scheduler() -> None:
        together.wait(timeout=20)
        for _ in range(30):
            closed.append(day_end.catch_up(until=until))
        connections.close_all()

    threads = [Thread(target=scheduler) for _ in range(threads_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sum(closed) == 6
    assert clock.business_date() == until
    assert diary.ran == _each_step_on(_days(6))


def test_the_lock_is_given_back(diary: Diary, open_day: None) -> None:
    day_end.catch_up(until=START + timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(LOCKS_HELD)
        assert cursor.fetchone() == (0,)


@time_machine.travel(datetime(2026, 2, 2, 0, 5, tzinfo=UTC))
def test_the_clock_closes_the_days_before_today(diary: Diary, db: None) -> None:
    clock.set_business_date(START, is_virtual=False)
    assert run_day_end_due() == 3
    assert run_day_end_due() == 0
    assert clock.business_date() == date(2026, 2, 2)


def test_the_clock_leaves_a_virtual_market_alone(diary: Diary, open_day: None) -> None:
    assert run_day_end_due() == 0
    assert clock.business_date() == START


def _call(name: str, *args: str) -> str:
    out = StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def test_the_command_closes_one_day_of_a_virtual_market(diary: Diary, open_day: None) -> None:
    assert _call("day_end") == "1 days closed; 2026-01-31 is open for business.\n"
    assert _call("day_end", "--until", "2026-02-03").startswith("3 days closed")
    assert diary.ran == _each_step_on(_days(4))


@time_machine.travel(datetime(2026, 2, 2, 12, 0, tzinfo=UTC))
def test_the_command_closes_no_day_that_has_not_come(diary: Diary, db: None) -> None:
    clock.set_business_date(START, is_virtual=False)
    with pytest.raises(CommandError, match="has not come yet"):
        _call("day_end", "--until", "2026-02-03")
    assert _call("day_end") == "3 days closed; 2026-02-02 is open for business.\n"


@pytest.mark.parametrize("args", [("2026-02-04",), ("--days", "5")])
def test_a_virtual_clock_advances_to_a_date_or_by_days(
    diary: Diary, open_day: None, args: tuple[str, ...]
) -> None:
    assert _call("advance_clock", *args).endswith("2026-02-04 is open for business.\n")
    assert clock.business_date() == date(2026, 2, 4)


@pytest.mark.parametrize("args", [("2026-01-30",), ("2026-01-01",), ("--days", "0")])
def test_a_clock_never_goes_back(diary: Diary, open_day: None, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="only moves forward"):
        _call("advance_clock", *args)


def test_the_wall_clock_cannot_be_advanced(diary: Diary, db: None) -> None:
    clock.set_business_date(START, is_virtual=False)
    with pytest.raises(CommandError, match="wall clock"):
        _call("advance_clock", "--days", "1")
