"""Statements of the sandbox, prepared once per connection: planning costs more than running."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import psycopg
from django.db import connections, transaction

ALIAS: Final = "sandbox"


def rows(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement on the sandbox's own connection; its rows, if it returns any."""
    connection = connections[ALIAS]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall() if cursor.description else []


def alone() -> AbstractContextManager[Any]:
    """Keeps a failing statement from spoiling a transaction that is open around it, if one is.

    A statement is a transaction by itself here; only a test wraps another one around it.
    """
    if connections[ALIAS].in_atomic_block:
        return transaction.atomic(using=ALIAS)
    return nullcontext()
