"""A real worker process takes what is enqueued, over the broker that the settings name."""

import time

import pytest
from django.conf import settings
from django.db import transaction

from config.celery import app
from core.jobs import enqueue
from tests.processes import running_worker


def test_a_scheduled_task_exists_for_every_entry_of_the_schedule():
    app.loader.import_default_modules()
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert planned <= set(app.tasks)


def test_every_task_goes_to_a_queue_that_a_worker_listens_to():
    from config.supervisor import QUEUES

    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert routed | {settings.CELERY_TASK_DEFAULT_QUEUE} == set(QUEUES)


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_a_task_once_the_transaction_is_committed():
    with running_worker():
        done_before = _done()
        with transaction.atomic():
            enqueue("notifications.send_due")
            time.sleep(0.5)
            assert _done() == done_before
        until = time.monotonic() + 20
        while _done() == done_before:
            assert time.monotonic() < until, "the worker took nothing"
            time.sleep(0.1)


def _done() -> int:
    """Return how many tasks the worker has taken since it came up."""
    (answer,) = app.control.broadcast("stats", reply=True, limit=1, timeout=10)
    return sum(sum(worker["total"].values()) for worker in answer.values())
