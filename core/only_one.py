"""One at a time, across processes and machines, by a lock that dies with its connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_one(lock: int) -> Iterator[bool]:
    """Whether this process is the one that holds the advisory lock of that number meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        won = bool(cursor.fetchone()[0])
        try:
            yield won
        finally:
            if won:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
