"""Columns that hold the same in every row arrive as Python would have stored them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from core.bulk import copy_numbers, same_day, same_instant, same_text

AT = datetime(2026, 3, 29, 2, 30, 15, 123_457, tzinfo=timezone(timedelta(hours=1)))
BEFORE_2000 = date(1999, 12, 31)


@pytest.fixture
def table(db: None) -> str:
    """A table with one column of each kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE kinds (number bigint, small int, word varchar(9),"
            ' code varchar(4), "on" date, at timestamptz, CHECK (small < 100)) ON COMMIT DROP'
        )
    return "kinds"


def test_each_kind_of_column_arrives(table: str) -> None:
    copy_numbers(
        table,
        {
            "number": np.array([-1, 2**62], np.int64),
            "small": np.array([-7, 99], np.int32),
            "word": same_text("für"),
            "code": np.array([b"solo", b"pool"]),
            '"on"': same_day(BEFORE_2000),
            "at": same_instant(AT),
        },
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM kinds ORDER BY number")
        rows = cursor.fetchall()
    moment = AT.astimezone(UTC)
    assert rows == [
        (-1, -7, "für", "solo", BEFORE_2000, moment),
        (2**62, 99, "für", "pool", BEFORE_2000, moment),
    ]


def test_a_row_that_a_constraint_refuses_stops_all(table: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_numbers(
            table, {"number": np.array([1, 2], np.int64), "small": np.array([1, 100], np.int32)}
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kinds")
        assert cursor.fetchone() == (0,)
