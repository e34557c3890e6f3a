"""How fast a collection day is shared out, beside plain COPY and beside a row-by-row program.

Every run starts from the same database, cloned from a template: loans with a hundred holdings
each, one instalment of each due, and the borrowers' money for it. Then

- ours: `repay_many`, with locks, guards, cents, balances, instalments, holdings and timelines;
- COPY: the very rows that ours wrote, by binary COPY into the same tables, nothing else;
- row by row: the same rows by a typical program, with an object for each share and each move.

Three days are measured: a small one in a small market, one of the same size in a market ten times
as large, and one in which every loan of that market has an instalment due. The last two tell how
time grows with the work, the first and the last how it grows when the market grows as well.

All constraints, foreign keys and indexes are on, and each run ends with its commit. A machine may
be faster at one time than at another, so the days take turns, each for about as long: ten small
ones for one that is ten times as large. The best of several would favour the small ones, which may
fit into a short time in which the machine is fast.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
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
    """One collection day: mean seconds of its runs.

    `loans` are those of the market; each has as many lenders, and a hundred to each loan.
    """

    loans: int
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


@dataclass(frozen=True)
class Grown:
    """The exponent by which time grows with instalments, of ours and of COPY; 1 is in proportion.

    That of COPY tells how much slower larger tables are by themselves.
    """

    ours: float
    of_copy: float


def grown(small: DayFigures, large: DayFigures) -> Grown:
    """Growth from one day to another with more instalments."""
    work = log10(large.instalments / small.instalments)
    return Grown(
        log10(large.seconds / small.seconds) / work,
        log10(large.copy_seconds / small.copy_seconds) / work,
    )


@dataclass(frozen=True)
class Days:
    """The three days that are measured."""

    small: DayFigures
    small_in_large_market: DayFigures
    large: DayFigures

    def __iter__(self) -> Iterator[DayFigures]:
        return iter((self.small, self.small_in_large_market, self.large))

    @property
    def work_grown(self) -> Grown:
        """More instalments in the same market."""
        return grown(self.small_in_large_market, self.large)

    @property
    def market_grown(self) -> Grown:
        """More instalments in a market that is larger by as much."""
        return grown(self.small, self.large)

    @property
    def told(self) -> str:
        """Both growths in words."""
        work, market = self.work_grown, self.market_grown
        return (
            f"Ten times the instalments in the same market: time grows by the power "
            f"{work.ours:.2f}, that of COPY by {work.of_copy:.2f}. With ten times the market as "
            f"well: {market.ours:.2f}, that of COPY {market.of_copy:.2f}."
        )


def measured(small: int, large: int, tell: Tell = lambda line: None) -> Days:
    """Measure a small day in a small market, a small and a large one in a large market."""
    ready()
    with ExitStack() as stack:
        few, many = (_Market.filled(loans, stack, tell) for loans in (small, large))
        folders = [Path(stack.enter_context(TemporaryDirectory())) for _ in range(3)]
        kinds = zip((few, many, many), (small, small, large), folders, strict=True)
        days = [_Day(market, size, folder) for market, size, folder in kinds]
        for number in range(1, REPEATS + 1):
            for day in days:
                for part in range(large // day.size):
                    day.run(part, f"run {number}.{part + 1} of {REPEATS}", tell)
        return Days(*(day.figures(tell) for day in days))


@dataclass(frozen=True)
class _Market:
    """A database of its own, and the payment of each of its loans."""

    database: str
    payments: list[Payment]

    @classmethod
    def filled(cls, loans: int, stack: ExitStack, tell: Tell) -> _Market:
        """As many lenders as loans, but a hundred."""
        tell(f"{loans:,} loans with {HOLDINGS} holdings each")
        name = stack.enter_context(base(f"bench_day_{loans}"))
        return cls(name, loan_book(loans, max(loans, HOLDINGS)))

    def __str__(self) -> str:
        return f"{len(self.payments):,} loans"


@dataclass
class _Day:
    """A collection day of so many instalments, and how long it took."""

    market: _Market
    size: int
    folder: Path
    ours: list[float] = field(default_factory=list)
    copied: list[float] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)

    def run(self, part: int, which: str, tell: Tell) -> None:
        """Ours, with the next loans of the market, then COPY of what the first ones wrote."""
        begin = part * self.size % len(self.market.payments)
        payments = self.market.payments[begin : begin + self.size]
        tell(f"sharing out {self.size:,} instalments, {self.market}, {which}")
        with clone(self.market.database):
            self.ours.append(_timed(lambda: _share_out(payments)))
            self.counts = self.counts or _dump(self.folder)
        tell(f"COPY of the same rows, {which}")
        with clone(self.market.database):
            self.copied.append(_timed(lambda: _load(self.folder)))

    def figures(self, tell: Tell) -> DayFigures:
        """The mean of the runs, and a few instalments row by row."""
        few = self.market.payments[:ROW_BY_ROW]
        tell(f"row by row, {len(few)} instalments of {self.size:,}, {self.market}")
        with clone(self.market.database):
            took = _timed(lambda: _row_by_row(few))
        return DayFigures(
            loans=len(self.market.payments),
            instalments=self.size,
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


def table_of(figures: Days) -> Table:
    """The figures as a table."""
    table = Table(
        "loans",
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
            f"{one.loans:,}",
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
    """Measure days of two sizes, ten times apart."""
    parser = ArgumentParser(prog="python -m bench.day_end", description=__doc__)
    parser.add_argument("--instalments", type=int, default=10_000)
    given = parser.parse_args()
    console, started = Console(), perf_counter()

    def tell(line: str) -> None:
        console.print(f"[dim]{perf_counter() - started:6.0f} s[/dim]  {line}", highlight=False)

    figures = measured(given.instalments // 10, given.instalments, tell)
    console.print(table_of(figures))
    console.print(figures.told)


if __name__ == "__main__":
    main()
