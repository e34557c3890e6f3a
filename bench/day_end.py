"""How fast a collection day is shared out, beside plain COPY and beside a row-by-row program.

Every run starts from the same database, cloned from a template: loans with a hundred holdings
each, one instalment of each due, and the borrowers' money for it. Then

- ours: `repay_many`, with locks, guards, cents, balances, instalments, holdings and timelines;
- COPY: the very rows that ours wrote, by binary COPY into the same tables, nothing else;
- row by row: the same rows by a typical program, with an object for each share and each move.

All constraints, foreign keys and indexes are on, and each run ends with its commit. A machine may
be faster at one time than at another, so the sizes take turns, each for about as long: ten small
days for one that is ten times as large. The best of several would favour the small one, which may
fit into a short time in which the machine is fast.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import log10
from pathlib import Path
from statistics import fmean
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
    """One collection day: mean seconds of its runs."""

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
    return _exponent(small, large, large.seconds / small.seconds)


def copy_growth(small: DayFigures, large: DayFigures) -> float:
    """The same of COPY: how much slower a larger table is by itself."""
    return _exponent(small, large, large.copy_seconds / small.copy_seconds)


def _exponent(small: DayFigures, large: DayFigures, times: float) -> float:
    return log10(times) / log10(large.instalments / small.instalments)


def measured(sizes: Sequence[int], tell: Tell = lambda line: None) -> list[DayFigures]:
    """Measure days of so many instalments, each with as many lenders as loans but a hundred."""
    ready()
    with ExitStack() as stack:
        days = [_Day.begun(instalments, stack, tell) for instalments in sizes]
        for number in range(1, REPEATS + 1):
            for day in days:
                for part in range(1, max(sizes) // len(day.payments) + 1):
                    day.run(f"run {number}.{part} of {REPEATS}", tell)
        return [day.figures(tell) for day in days]


@dataclass
class _Day:
    """A collection day in a database of its own, and how long it took."""

    database: str
    folder: Path
    payments: list[Payment]
    ours: list[float] = field(default_factory=list)
    copied: list[float] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def begun(cls, instalments: int, stack: ExitStack, tell: Tell) -> _Day:
        """Fill the database."""
        tell(f"{instalments:,} loans with {HOLDINGS} holdings each")
        name = stack.enter_context(base(f"bench_day_{instalments}"))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        return cls(name, folder, loan_book(instalments, max(instalments, HOLDINGS)))

    def run(self, which: str, tell: Tell) -> None:
        """Ours, then COPY of what it wrote."""
        tell(f"sharing out {len(self.payments):,} instalments, {which}")
        with clone(self.database):
            self.ours.append(_timed(lambda: _share_out(self.payments)))
            self.counts = self.counts or _dump(self.folder)
        tell(f"COPY of the same rows, {which}")
        with clone(self.database):
            self.copied.append(_timed(lambda: _load(self.folder)))

    def figures(self, tell: Tell) -> DayFigures:
        """The mean of the runs, and a few instalments row by row."""
        few = self.payments[:ROW_BY_ROW]
        tell(f"row by row, {len(few)} instalments of {len(self.payments):,}")
        with clone(self.database):
            took = _timed(lambda: _row_by_row(few))
        return DayFigures(
            instalments=len(self.payments),
            shares=self.counts["lending_repaymentshare"],
            moves=self.counts["ledger_transfer"],
            seconds=fmean(self.ours),
            copy_seconds=fmean(self.copied),
            row_by_row_per_second=len(few) * HOLDINGS / took,
        )


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
    figures = measured(sizes, tell)
    console.print(table_of(figures))
    console.print(f"growth exponent {growth(*figures):.2f}, of COPY {copy_growth(*figures):.2f}")


if __name__ == "__main__":
    main()
