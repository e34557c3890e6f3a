"""Lets the worker run a round now, and waits until it has done so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from celery import current_app
from django.core.cache import cache

from demo.tasks import MARK

PATIENCE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.01
_QUEUE: Final = "rounds"


class WorkerSilent(RuntimeError):
    """The worker did not answer; its log says why."""


def run_and_wait(is_alive: Callable[[], None]) -> None:
    """Send a round to the queue and a mark behind it; a worker of one process reaches it last.

    Args:
        is_alive: raises when the worker has ended, so that nobody waits for the dead.
    """
    token = uuid4().hex
    current_app.send_task("matching.run_round")
    current_app.send_task("demo.mark", args=[token], queue=_QUEUE)
    until = time.monotonic() + PATIENCE_SECONDS
    while cache.get(MARK) != token:
        is_alive()
        if time.monotonic() > until:
            raise WorkerSilent("the worker runs no rounds; see .pari/logs/worker.log")
        time.sleep(_POLL_SECONDS)
