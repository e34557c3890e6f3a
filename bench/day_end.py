"""How fast a collection day is shared out, beside plain COPY and beside a row-by-row program.

Every run starts from the same database, cloned from a template: loans with a hundred holdings
each, one instalment of each due, and the borrowers' money for it. Then

- ours: `repay_many`, with locks, guards, cents, balances, instalments, holdings and timelines;
- COPY: the very rows that ours wrote, by binary COPY into the same tables, nothing else;
- row by row: the same rows by a typical program, with an object for each share and each move.

All constraints, foreign keys and indexes are on, and each run ends with its commit.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import log10
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from bench.databases import base, clone, ready
from bench.loan_book import AT, HOLDINGS, loan_book

if TYPE_CHECKING:
    from lending.selectors.plain_payments import Payment

REPEATS: Final = 2
ROW_BY_ROW: Final = 5
_TABLES: Final = (
    "ledger_entry",
    "ledger_transfer",
    "lending_repayment",
    "lending_repaymentpart",
    "lending_repaymentshare",
    "lending_loanevent",
)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class DayFigures:
    """One collection day: seconds of the best of several runs each."""

    instalments: int
    shares: int
    moves: int
    seconds: float
    copy_seconds: float
    row_by_row_per_second: float

    @property
    def of_copy(self) -> float:
        """How near sharing out comes to the rate of COPY."""
        return self.copy_seconds / self.seconds

    @property
    def of_row_by_row(self) -> float:
        """Shares per second over those of a row-by-row program."""
        return self.shares / self.seconds / self.row_by_row_per_second


def growth(small: DayFigures, large: DayFigures) -> float:
    """The exponent by which time grows with instalments; 1 is in proportion."""
    return log10(large.seconds / small.seconds) / log10(large.instalments / small.instalments)


def measured(instalments: int, tell: Tell = lambda line: None) -> DayFigures:
    """Measure one size, with as many lenders as loans but at least a hundred."""
    ready()
    with base() as name, TemporaryDirectory() as folder:
        tell(f"{instalments:,} loans with {HOLDINGS} holdings each")
        payments = loan_book(instalments, max(instalments, HOLDINGS))
        ours, copied, counts = [], [], {}
        for number in range(1, REPEATS + 1):
            tell(f"sharing out {instalments:,} instalments, run {number} of {REPEATS}")
            with clone(name):
                ours.append(_timed(lambda: _share_out(payments)))
                counts = counts or _dump(Path(folder))
            tell(f"COPY of the same rows, run {number} of {REPEATS}")
            with clone(name):
                copied.append(_timed(lambda: _load(Path(folder))))
        tell(f"row by row, {ROW_BY_ROW} instalments")
        with clone(name):
            took = _timed(lambda: _row_by_row(payments[:ROW_BY_ROW]))
    few = min(ROW_BY_ROW, instalments) * HOLDINGS
    shares, moves = counts["lending_repaymentshare"], counts["ledger_transfer"]
    return DayFigures(instalments, shares, moves, min(ours), min(copied), few / took)


def _timed(act: Callable[[], object]) -> float:
    """Seconds by the clock on the wall, since most of the work is the server's."""
    started = perf_counter()
    act()
    return perf_counter() - started


def _share_out(payments: list[Payment]) -> None:
    from lending.services.repayments_bulk import repay_many

    result = repay_many(payments=payments, at=AT)
    assert len(result.done) == len(payments), result.refused


def _dump(folder: Path) -> Mapping[str, int]:
    """Keep what was written as COPY would read it; how many rows of each table."""
    from django.db import connection

    counts = {}
    with connection.cursor() as cursor:
        for table in _TABLES:
            statement = f"COPY {table} TO STDOUT (FORMAT BINARY)"
            with cursor.copy(statement) as copy, (folder / table).open("wb") as file:
                for block in copy:
                    file.write(block)
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            counts[table] = int(cursor.fetchone()[0])
    return counts


def _load(folder: Path) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table in _TABLES:
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                for block in _blocks(folder / table):
                    copy.write(block)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


def _row_by_row(payments: list[Payment]) -> None:
    """What a typical project writes: a transaction for each payment, an object for each row."""
    from bench.row_by_row import pay_row_by_row

    for payment in payments:
        pay_row_by_row(payment)


def table_of(figures: list[DayFigures]) -> Table:
    """The figures as a table."""
    table = Table(
        "instalments",
        "shares",
        "instalments /s",
        "shares /s",
        "moves /s",
        "COPY, shares /s",
        "ours/COPY",
        "ours/row by row",
        title="Sharing out a collection day",
    )
    for one in figures:
        table.add_row(
            f"{one.instalments:,}",
            f"{one.shares:,}",
            f"{one.instalments / one.seconds:,.0f}",
            f"{one.shares / one.seconds:,.0f}",
            f"{one.moves / one.seconds:,.0f}",
            f"{one.shares / one.copy_seconds:,.0f}",
            f"{one.of_copy:.2f}",
            f"{one.of_row_by_row:.1f}",
        )
    return table


def main() -> None:
    """Measure two sizes, ten times apart."""
    parser = ArgumentParser(prog="python -m bench.day_end", description=__doc__)
    parser.add_argument("--instalments", type=int, default=10_000)
    given = parser.parse_args()
    console, started = Console(), perf_counter()

    def tell(line: str) -> None:
        console.print(f"[dim]{perf_counter() - started:6.0f} s[/dim]  {line}", highlight=False)

    sizes = (given.instalments // 10, given.instalments)
    figures = [measured(instalments, tell) for instalments in sizes]
    console.print(table_of(figures))
    console.print(f"growth exponent {growth(*figures):.2f}")


if __name__ == "__main__":
    main()
