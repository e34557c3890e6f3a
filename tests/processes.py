"""Processes of their own that work on the databases and the broker of the running test."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

from django.db import connections

from config import supervisor
from config.celery import app


def environment_of_test() -> dict[str, str]:
    """Return the environment in which a process sees what the running test sees."""
    urls = {"DATABASE_URL": "default", "SANDBOX_DATABASE_URL": "sandbox"}
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **{key: _url_of(os.environ["DATABASE_URL"], alias) for key, alias in urls.items()},
    }


@contextmanager
def running_worker() -> Iterator[int]:
    """Run a real Celery worker beside the test; it takes whatever the test enqueues.

    Yields the id of its process, which leads a group of its own.
    """
    _empty_queues()
    program = supervisor.worker(concurrency=1)
    with supervisor.Group() as group:
        started = supervisor.Program(program.name, program.command, environment_of_test())
        process_id = group.start(started)
        until = time.monotonic() + 60
        while not app.control.ping(timeout=0.5):
            group.check()
            assert time.monotonic() < until, "the worker does not answer"
        yield process_id


def _empty_queues() -> None:
    """Throw away what earlier tests enqueued: the worker is to do this test's work only."""
    with app.connection_for_write() as connection:
        for queue in supervisor.QUEUES:
            connection.default_channel.queue_purge(queue)


def _url_of(url: str, alias: str) -> str:
    """Return `url` with the name of the test database in place of the real one's."""
    name = connections[alias].settings_dict["NAME"]
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(name)))
