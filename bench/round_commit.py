"""How fast a decided round is written, beside plain COPY and beside the usual Django way.

Every run starts from the same database, cloned from a template: lenders with cash, mandates, listed
requests and a round that is decided but not yet booked. Then

- ours: the product's own booking, with locks, guards, balances, audit and letters;
- COPY: the very rows that ours wrote, by binary COPY into the same tables, nothing else;
- Django: the same rows by `bulk_create`, and an `F()` update for each lender's two accounts.

All constraints, foreign keys and indexes are on, and each run ends with its commit.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from bench.databases import base, clone, ready
from bench.decided import AT, decided
from bench.idiom import django_way

if TYPE_CHECKING:
    from matching.engine.result import Result

STAKES_PER_REQUEST: Final = 250
REPEATS: Final = 5
MOST_IN_DJANGO: Final = 40
_TABLES: Final = ("lending_offer", "matching_receipt", "ledger_entry", "ledger_transfer")

Tell = Callable[[str], None]
Rows = dict[str, tuple[list[str], list[str], list[tuple[Any, ...]]]]


@dataclass(frozen=True)
class CommitFigures:
    """Stakes written in a second, the best of several runs each."""

    stakes: int
    ours_per_second: float
    copy_per_second: float
    django_per_second: float

    @property
    def of_copy(self) -> float:
        """P1: ours over COPY."""
        return self.ours_per_second / self.copy_per_second

    @property
    def of_django(self) -> float:
        """P2: ours over the Django way."""
        return self.ours_per_second / self.django_per_second


def measured(stakes: int, lenders: int, tell: Tell = lambda line: None) -> CommitFigures:
    """Measure one size; `stakes` is rounded down to whole requests."""
    ready()
    requests = max(1, stakes // STAKES_PER_REQUEST)
    each = min(STAKES_PER_REQUEST, lenders)
    count = requests * each
    with base() as name:
        tell(f"{lenders:,} lenders, {requests:,} requests")
        result = decided(lenders, requests, each)
        assert len(result.stakes) == count
        ours, copied, rows = [], [], None
        for number in range(REPEATS):
            tell(f"booking {count:,} stakes, run {number + 1} of {REPEATS}")
            with clone(name):
                ours.append(_timed(lambda: book(result)))
                rows = rows or rows_of()
            tell(f"COPY of the same rows, run {number + 1} of {REPEATS}")
            with clone(name):
                copied.append(_timed(lambda rows=rows: copy_rows(rows)))
        part = min(MOST_IN_DJANGO, max(1, requests // 10)) * each
        tell(f"the Django way, {part:,} stakes")
        with clone(name):
            took = _timed(lambda: django_way(result, part))
    return CommitFigures(count, count / min(ours), count / min(copied), part / took)


def _timed(act: Callable[[], object]) -> float:
    """Seconds by the clock on the wall, since most of the work is the server's."""
    started = perf_counter()
    act()
    return perf_counter() - started


def book(result: Result) -> None:
    """Write the round by the product's own booking."""
    from matching.models import MatchRound
    from matching.services import rounds

    rounds._book(MatchRound.objects.get(), result, at=AT)


def rows_of() -> Rows:
    """What the booking added to each table: columns, types and rows."""
    return {table: _rows_of(table) for table in _TABLES}


def _rows_of(table: str) -> tuple[list[str], list[str], list[tuple[Any, ...]]]:
    """Columns, types and the rows that the booking added to a table."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        )
        names, kinds = (list(column) for column in zip(*cursor.fetchall(), strict=True))
        cursor.execute(f"SELECT {', '.join(names)} FROM {table} {_NEW.get(table, '')} ORDER BY id")  # noqa: S608
        return names, kinds, cursor.fetchall()


def copy_rows(rows: Rows) -> None:
    """Write the rows by binary COPY and nothing else."""
    from django.db import transaction

    from core.bulk import copy_in

    with transaction.atomic():
        for table, (names, kinds, values) in rows.items():
            columns = dict(zip(names, (_TYPES.get(kind, kind) for kind in kinds), strict=True))
            copy_in(table, columns, values)


_NEW: Final = {
    "ledger_entry": "WHERE reference LIKE 'round:%'",
    "ledger_transfer": (
        "WHERE entry_id IN (SELECT id FROM ledger_entry WHERE reference LIKE 'round:%')"
    ),
}
_TYPES: Final = {
    "bigint": "int8",
    "integer": "int4",
    "character varying": "varchar",
    "timestamp with time zone": "timestamptz",
}


def table_of(figures: list[CommitFigures]) -> Table:
    """The figures as a table."""
    table = Table(
        "stakes",
        "ours /s",
        "COPY /s",
        "Django /s",
        "P1 ours/COPY",
        "P2 ours/Django",
        title="Writing a decided round",
    )
    for one in figures:
        table.add_row(
            f"{one.stakes:,}",
            f"{one.ours_per_second:,.0f}",
            f"{one.copy_per_second:,.0f}",
            f"{one.django_per_second:,.0f}",
            f"{one.of_copy:.2f}",
            f"{one.of_django:.1f}",
        )
    return table


def main() -> None:
    """Measure two sizes, ten times apart."""
    parser = ArgumentParser(prog="python -m bench.round_commit", description=__doc__)
    parser.add_argument("--stakes", type=int, default=100_000)
    parser.add_argument("--lenders", type=int, default=10_000)
    given = parser.parse_args()
    console = Console()
    with console.status("starting") as status:
        figures = [
            measured(stakes, given.lenders, tell=lambda line: status.update(line))
            for stakes in (given.stakes // 10, given.stakes)
        ]
    console.print(table_of(figures))


if __name__ == "__main__":
    main()
