"""Steps of a day end that write down that they ran, wait, fail, or lose their connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Event

from django.db import connection

from core.shards import Partitioned


@dataclass
class Diary:
    """What the steps of one test did, and how they shall behave."""

    ran: list[tuple[str, date]] = field(default_factory=list)
    started: Event = field(default_factory=Event)
    may_go_on: Event = field(default_factory=Event)
    fails_on: set[date] = field(default_factory=set)
    dies_on: set[date] = field(default_factory=set)
    keys: list[int] = field(default_factory=list)
    fails_at: set[int] = field(default_factory=set)
    waits_at: set[int] = field(default_factory=set)


diary = Diary()
NAMES = ("tests.core.steps.first", "tests.core.steps.second")


def fresh_diary() -> Diary:
    """Begin a new test; nothing waits unless it is told to."""
    global diary
    diary = Diary()
    diary.may_go_on.set()
    return diary


def first(*, on: date, at: datetime) -> dict[str, object]:
    """Run, and wait where the test says so."""
    diary.ran.append(("first", on))
    diary.started.set()
    diary.may_go_on.wait(timeout=20)
    return {"on": on.isoformat()}


def second(*, on: date, at: datetime) -> dict[str, object]:
    """Run, and fail or lose the connection where the test says so."""
    if on in diary.fails_on:
        diary.fails_on.remove(on)
        raise RuntimeError("the step broke")
    if on in diary.dies_on:
        diary.dies_on.remove(on)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    diary.ran.append(("second", on))
    return {}


def _keys(*, on: date) -> list[int]:
    return diary.keys


def _act(*, first_key: int, last_key: int, on: date, at: datetime) -> dict[str, object]:
    """Add up the keys of a shard; wait or fail where the test says so."""
    keys = [key for key in diary.keys if first_key <= key <= last_key]
    if diary.waits_at & set(keys):
        diary.started.set()
        diary.may_go_on.wait(timeout=20)
    if diary.fails_at & set(keys):
        diary.fails_at -= set(keys)
        raise RuntimeError("the shard broke")
    diary.ran.append((f"{first_key}-{last_key}", on))
    return {"sum": sum(keys), "firsts": keys[:1]}


in_shards = Partitioned(keys=_keys, act=_act, size=3)
SHARDED = ("tests.core.steps.first", "tests.core.steps.in_shards", "tests.core.steps.second")
