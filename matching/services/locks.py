"""One round at a time, whoever starts it and wherever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from matching.errors import RoundUnderWay

LOCK: Final = 0x524F554E4453  # "ROUNDS" in ASCII


@contextmanager
def only_round() -> Iterator[None]:
    """Hold the market's advisory lock; it ends with the connection, so a dead worker frees it.

    Raises RoundUnderWay when somebody else holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RoundUnderWay
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
