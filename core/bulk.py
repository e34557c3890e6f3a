"""Many rows at once: COPY, the fastest way into a table that PostgreSQL has.

Every constraint, index and trigger of the table works as with INSERT; only defaults that Django
keeps to itself have to be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from django.db import connection
from numpy.typing import NDArray

Row: TypeAlias = Sequence[object]
Ints: TypeAlias = NDArray[np.int64]
"""A column of whole numbers."""


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


def copy_numbers(table: str, columns: Mapping[str, Ints]) -> None:
    """Write rows of whole numbers into a table by binary COPY, column by column.

    A row is two bytes with the number of fields, then for each its length and its eight bytes; laid
    out as an array, a million of them take no longer than one.

    Args:
        columns: the values of each bigint column, all of one length.
    Raises:
        django.db.IntegrityError: a constraint refuses a row; nothing is written then.
    """
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    (count,) = {len(values) for values in columns.values()}
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.write(_BINARY_HEAD)
        for start in range(0, count, _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            copy.write(_laid_out([values[part] for values in columns.values()]))
        copy.write(_BINARY_END)


def _laid_out(columns: Sequence[Ints]) -> bytes:
    """Rows as binary COPY writes them."""
    fields = [(f"{part}{number}", size) for number in range(len(columns)) for part, size in _FIELD]
    rows = np.empty(len(columns[0]), np.dtype([("fields", ">i2"), *fields]))
    rows["fields"] = len(columns)
    for number, values in enumerate(columns):
        rows[f"length{number}"] = 8
        rows[f"value{number}"] = values
    return rows.tobytes()


def array_of(values: Iterable[int]) -> str:
    """Whole numbers as PostgreSQL writes an array, for a parameter cast to an array type.

    A list would be quoted number by number, which for thousands takes longer than the statement.
    """
    return "{" + ",".join(map(str, values)) + "}"


def array_or_all(values: Iterable[int] | None) -> str | None:
    """An array as of `array_of`, or NULL, which a query reads as no limit."""
    return None if values is None else array_of(values)


def next_ids(table: str, count: int) -> list[int]:
    """So many fresh keys of a table, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_IDS, [table, count])
        least, most, ids = cursor.fetchone()
    # Alone at the sequence, the keys are a range, and need not be read one by one.
    return list(range(least, most + 1)) if ids is None else ids


_FIELD: Final = (("length", ">i4"), ("value", ">i8"))
_ROWS_AT_ONCE: Final = 50_000
# A signature, then no flags and no further head; the end is a row of -1 fields.
_BINARY_HEAD: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_BINARY_END: Final = b"\xff\xff"

_NEXT_IDS: Final = """
WITH fresh AS (
    SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS id FROM generate_series(1, %s)
)
SELECT min(id), max(id),
    CASE WHEN max(id) - min(id) + 1 > count(*) THEN array_agg(id ORDER BY id) END
FROM fresh
"""
