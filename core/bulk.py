"""Many rows at once: COPY, the fastest way into a table that PostgreSQL has.

Every constraint, index and trigger of the table works as with INSERT; only defaults that Django
keeps to itself have to be given.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
from django.db import connection
from numpy.typing import NDArray

Row: TypeAlias = Sequence[object]
Ints: TypeAlias = NDArray[np.int64]
"""A column of whole numbers."""
Column: TypeAlias = "Ints | NDArray[np.int32] | NDArray[np.bytes_] | bytes"
"""Values of a bigint or integer column, texts of one width, or the bytes that every row holds."""


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


def copy_numbers(table: str, columns: Mapping[str, Column]) -> None:
    """Write rows into a table by binary COPY, column by column.

    A row is two bytes with the number of fields, then for each its length and its bytes; laid out
    as an array, a million of them take no longer than one.

    Args:
        columns: the values of each column, all of one length; bytes are the same in every row, see
            `same_text`, `same_day` and `same_instant`.
    Raises:
        django.db.IntegrityError: a constraint refuses a row; nothing is written then.
    """
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    (count,) = {len(values) for values in columns.values() if not isinstance(values, bytes)}
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.write(_BINARY_HEAD)
        for start in range(0, count, _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            copy.write(_laid_out(min(_ROWS_AT_ONCE, count - start), part, columns.values()))
        copy.write(_BINARY_END)


def _laid_out(count: int, part: slice, columns: Collection[Column]) -> bytes:
    """Some rows as binary COPY writes them."""
    fields = [("fields", ">i2")]
    for number, values in enumerate(columns):
        fields += [(f"length{number}", ">i4"), (f"value{number}", _kind_of(values))]
    rows = np.empty(count, np.dtype(fields))
    rows["fields"] = len(columns)
    for number, values in enumerate(columns):
        rows[f"length{number}"] = rows.dtype[f"value{number}"].itemsize
        rows[f"value{number}"] = np.void(values) if isinstance(values, bytes) else values[part]
    return rows.tobytes()


def _kind_of(values: Column) -> str:
    """How a field is laid out: numbers with the highest byte first, as PostgreSQL reads them."""
    if isinstance(values, bytes):
        return f"V{len(values)}"
    return str(values.dtype.newbyteorder(">").str)


def same_text(word: str) -> bytes:
    """A text as every row of a column holds it."""
    return word.encode()


def same_day(on: date) -> bytes:
    """A date as every row of a column holds it: days since 2000."""
    return struct.pack(">i", (on - _EPOCH.date()).days)


def same_instant(at: datetime) -> bytes:
    """An instant as every row of a column holds it: microseconds since 2000, in UTC."""
    return struct.pack(">q", (at - _EPOCH) // timedelta(microseconds=1))


def read_numbers(query: str, params: Sequence[object], *, columns: int) -> list[Ints]:
    """The result of a query of whole numbers, none of them null, by binary COPY: its columns."""
    whole = f"COPY ({query}) TO STDOUT (FORMAT BINARY)"
    statement = connection.ops.compose_sql(whole, params)  # type: ignore[attr-defined]
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        given = b"".join(copy)
    kind = [("fields", ">i2")]
    for number in range(columns):
        kind += [(f"length{number}", ">i4"), (f"value{number}", ">i8")]
    body = memoryview(given)[len(_BINARY_HEAD) : len(given) - len(_BINARY_END)]
    rows = np.frombuffer(body, np.dtype(kind))
    return [rows[f"value{number}"].astype(np.int64) for number in range(columns)]


def array_of(values: Iterable[int]) -> str:
    """Whole numbers as PostgreSQL writes an array, for a parameter cast to an array type.

    A list would be quoted number by number, which for thousands takes longer than the statement.
    """
    return "{" + ",".join(map(str, values)) + "}"


def array_or_all(values: Iterable[int] | None) -> str | None:
    """An array as of `array_of`, or NULL, which a query reads as no limit."""
    return None if values is None else array_of(values)


def check_references() -> None:
    """Check now, not at the commit, that everything written so far refers to rows that exist.

    It takes far less long before the rows that are referred to are updated than after: each check
    would walk past the versions that the update left behind.

    Raises:
        django.db.IntegrityError: something refers to nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def next_ids(table: str, count: int) -> list[int]:
    """So many fresh keys of a table, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_IDS, [table, count])
        least, most, ids = cursor.fetchone()
    # Alone at the sequence, the keys are a range, and need not be read one by one.
    return list(range(least, most + 1)) if ids is None else ids


_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ROWS_AT_ONCE: Final = 50_000
# A signature, then no flags and no further head; the end is a row of -1 fields.
_BINARY_HEAD: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_BINARY_END: Final = b"\xff\xff"

# The sequence is looked up once: by row, that would take longer than the keys.
_NEXT_IDS: Final = """
WITH fresh AS (
    SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) AS id
    FROM generate_series(1, %s)
)
SELECT min(id), max(id),
    CASE WHEN max(id) - min(id) + 1 > count(*) THEN array_agg(id ORDER BY id) END
FROM fresh
"""
