"""Many rows at once: COPY, the fastest way into a table that PostgreSQL has.

Every constraint, index and trigger of the table works as with INSERT; only defaults that Django
keeps to itself have to be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def next_ids(table: str, count: int) -> list[int]:
    """So many fresh keys of a table, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]
