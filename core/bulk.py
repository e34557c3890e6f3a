"""Many rows at once: COPY, the fastest way into a table that PostgreSQL has.

Every constraint, index and trigger of the table works as with INSERT; only defaults that Django
keeps to itself have to be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.db import connection

Row = Sequence[object]


def copy_in(table: str, columns: Mapping[str, str], rows: Iterable[Row]) -> None:
    """Write rows into a table by binary COPY.

    Args:
        columns: the type of each column that a row gives, in the order of the row's values.
    Raises:
        django.db.IntegrityError: a constraint refuses a row; nothing is written then.
    """
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def array_of(values: Iterable[int]) -> str:
    """Whole numbers as PostgreSQL writes an array, for a parameter cast to an array type.

    A list would be quoted number by number, which for thousands takes longer than the statement.
    """
    return "{" + ",".join(map(str, values)) + "}"


def next_ids(table: str, count: int) -> list[int]:
    """So many fresh keys of a table, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_IDS, [table, count])
        least, most, ids = cursor.fetchone()
    # Alone at the sequence, the keys are a range, and need not be read one by one.
    return list(range(least, most + 1)) if ids is None else ids


_NEXT_IDS: Final = """
WITH fresh AS (
    SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS id FROM generate_series(1, %s)
)
SELECT min(id), max(id),
    CASE WHEN max(id) - min(id) + 1 > count(*) THEN array_agg(id ORDER BY id) END
FROM fresh
"""
