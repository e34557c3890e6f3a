"""Real Celery workers on the queue of rounds, which a drill starts and kills by name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config import supervisor
from config.celery import app
from matching.choices import PERIOD
from matching.models import Pulse
from tests.processes import environment_of_test

QUEUE = "rounds"
LIST = f"{settings.REDIS_PREFIX}{QUEUE}"


class Crew(supervisor.Group):
    """Workers of one process each beside the test; all end with the block."""

    def __enter__(self) -> Crew:
        forget_tasks()
        self._ids: dict[str, int] = {}
        return self

    def hire(self, name: str) -> None:
        """Start a worker and wait until it answers."""
        given = supervisor.worker(queues=(QUEUE,), concurrency=1)
        command = [*given.command, "--hostname", _node(name)]
        given_env = {**environment_of_test(), "PGAPPNAME": _node(name)}
        self._ids[name] = self.start(supervisor.Program(name, command, given_env))
        until = time.monotonic() + 60
        while not app.control.ping(destination=[_node(name)], timeout=0.3, limit=1):
            assert time.monotonic() < until, "the worker does not answer"

    def kill(self, name: str) -> None:
        """Kill a worker, and what it has forked, without a warning.

        Returns once the database has seen it: a commit under way still ends, seconds later at
        worst, and who counts money statement by statement must not count across it.
        """
        os.killpg(self._ids[name], signal.SIGKILL)
        self._running.pop(name).wait()
        until = time.monotonic() + 20
        while _is_connected(name):
            assert time.monotonic() < until, "the database still serves the dead"
            time.sleep(0.01)


def taken(name: str) -> int:
    """How many tasks a worker has taken."""
    answers = app.control.broadcast(
        "stats", destination=[_node(name)], reply=True, limit=1, timeout=10
    )
    return sum(sum(told["total"].values()) for answer in answers for told in answer.values())


def _node(name: str) -> str:
    return f"{name}@drill"


def _is_connected(name: str) -> bool:
    """Whether a worker still has a session in the database of this test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s)",
            [_node(name)],
        )
        (found,) = cursor.fetchone()
    return bool(found)


def broker() -> redis.Redis:
    """The real Valkey of this test, under the number that is its own."""
    return redis.Redis.from_url(settings.REDIS_URL)


def forget_tasks() -> None:
    """Let the broker forget what was asked for so far, as setting the scene does by the way."""
    broker().delete(LIST)


def deliver_again() -> None:
    """Have the broker deliver the one task that waits a second time, byte for byte."""
    (message,) = broker().lrange(LIST, 0, -1)
    broker().rpush(LIST, message)


def beat() -> None:
    """What the scheduler does each minute, as though a quiet PERIOD had passed."""
    Pulse.objects.update(tried_at=timezone.now() - PERIOD)
    app.send_task("matching.run_due_round")


def resumed(is_done: Callable[[], bool], *, within_seconds: float = 60) -> None:
    """Let the scheduler go on until something is done; nobody asks for a round by name."""
    until = time.monotonic() + within_seconds
    while not is_done():
        assert time.monotonic() < until, "nobody took it up again"
        beat()
        soon = time.monotonic() + 1
        while not is_done() and time.monotonic() < soon:
            time.sleep(0.05)
