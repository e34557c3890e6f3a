"""How long the server takes for a lender's overview with 2,000 holdings and 36 months.

Twice: with loans begun evenly over the 36 months, and with all of them begun in the first, which
is the most that such a lender can have (72,000 payments). The whole view is timed, with its
middleware and templates, in a database of its own; the best of several calls counts, and what a
call spends in its queries stands beside it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from bench.databases import base, clone, ready
from bench.lender_books import filled

if TYPE_CHECKING:
    from accounts.models import User

GOAL_MS: Final = 300
CALLS: Final = 9


@dataclass(frozen=True)
class HomeFigures:
    """One size and what the view took, in milliseconds."""

    name: str
    payments: int
    best_ms: float
    median_ms: float
    queries: int
    slowest_ms: float
    slowest: str


def measured(holdings: int, months: int, *, is_spread: bool, explain: bool) -> HomeFigures:
    """Fill a database of its own, then call the view."""
    ready()
    from lending.models import Repayment

    with base() as name, clone(name):
        lender, _ = filled(holdings, months, is_spread=is_spread)
        times, queries, slowest_ms, slowest = _called(lender)
        if explain:
            Console().print(slowest)
        return HomeFigures(
            name="begun evenly" if is_spread else "all begun first",
            payments=Repayment.objects.count(),
            best_ms=min(times),
            median_ms=sorted(times)[len(times) // 2],
            queries=queries,
            slowest_ms=slowest_ms,
            slowest=slowest,
        )


def _called(lender: User) -> tuple[list[float], int, float, str]:
    """Times of several calls, and of one more its queries and the slowest of them."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost")
    client.force_login(lender, backend="django.contrib.auth.backends.ModelBackend")
    times = []
    for _ in range(CALLS):
        started = perf_counter()
        answer = client.get("/lender/")
        times.append((perf_counter() - started) * 1_000)
        assert answer.status_code == 200, answer.status_code
    with CaptureQueriesContext(connection) as caught:
        client.get("/lender/")
    by_time = sorted(caught.captured_queries, key=lambda query: float(query["time"]))
    last = by_time[-1]
    return times, len(by_time), float(last["time"]) * 1_000, last["sql"]


def main() -> int:
    """Print both; 1 when the goal is missed."""
    parser = ArgumentParser(prog="python -m bench.lender_home", description=__doc__)
    parser.add_argument("--holdings", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--explain", action="store_true", help="print the slowest query")
    given = parser.parse_args()
    table = Table(
        "loans", "payments", "best ms", "median ms", "queries", "slowest ms", title="Lender's home"
    )
    missed = False
    for is_spread in (True, False):
        one = measured(given.holdings, given.months, is_spread=is_spread, explain=given.explain)
        missed |= one.best_ms > GOAL_MS
        table.add_row(
            one.name,
            f"{one.payments:,}",
            f"{one.best_ms:.0f}",
            f"{one.median_ms:.0f}",
            f"{one.queries}",
            f"{one.slowest_ms:.0f}",
        )
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
