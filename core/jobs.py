"""Work for later, named by a string so that no floor imports the one above it.

A hint only: what is due is always a query on PostgreSQL, and a beat task asks it again.
A broker that is away, or that loses what it held, therefore delays work and loses none.
"""

from __future__ import annotations

from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(task: str, **kwargs: object) -> None:
    """Ask a worker to run `task` once the present transaction is committed."""
    transaction.on_commit(partial(_send, task, kwargs))


def _send(task: str, kwargs: dict[str, object]) -> None:
    try:
        current_app.send_task(task, kwargs=kwargs, retry=False)
    except OperationalError:
        log.warning("broker_away", task=task)
