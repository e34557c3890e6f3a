"""How long the server takes for a lender's overview with 2,000 holdings and 36 months.

Twice: with loans begun evenly over the 36 months, and with all of them begun in the first, which
is the most that such a lender can have (some 71,000 payments). The whole view is timed, with its
middleware and templates, in a database of its own; the goal is held against the first of the two.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
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
    """One size and what the view took, in milliseconds.

    Attributes:
        work_ms: processor time of one call, the view's and the database's, on whatever else the
            machine is busy with; what the clock would show on an idle one.
    """

    name: str
    payments: int
    best_ms: float
    median_ms: float
    work_ms: float
    queries: int


def measured(holdings: int, months: int, *, is_spread: bool) -> HomeFigures:
    """Fill a database of its own, then call the view."""
    ready()
    from lending.models import Repayment

    with base() as name, clone(name):
        lender, _ = filled(holdings, months, is_spread=is_spread)
        times, work_ms, queries = _called(lender)
        return HomeFigures(
            name="begun evenly" if is_spread else "all begun first",
            payments=Repayment.objects.count(),
            best_ms=min(times),
            median_ms=sorted(times)[len(times) // 2],
            work_ms=work_ms,
            queries=queries,
        )


def _called(lender: User) -> tuple[list[float], float, int]:
    """Times of several calls, what one of them costs in work, and how many queries it makes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost")
    client.force_login(lender, backend="django.contrib.auth.backends.ModelBackend")
    with CaptureQueriesContext(connection) as caught:
        client.get("/lender/")
        queries = len(caught.captured_queries)
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    times, before = [], process_time() + _worked(backend)
    for _ in range(CALLS):
        started = perf_counter()
        answer = client.get("/lender/")
        times.append((perf_counter() - started) * 1_000)
        assert answer.status_code == 200, answer.status_code
    work = process_time() + _worked(backend) - before
    return times, work * 1_000 / CALLS, queries


def _worked(process_id: int) -> float:
    """Seconds that a process has had of the processor."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print both; 1 when the goal is missed."""
    parser = ArgumentParser(prog="python -m bench.lender_home", description=__doc__)
    parser.add_argument("--holdings", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=36)
    given = parser.parse_args()
    table = Table(
        "loans", "payments", "best ms", "median ms", "work ms", "queries", title="Lender's home"
    )
    missed = False
    for is_spread in (True, False):
        one = measured(given.holdings, given.months, is_spread=is_spread)
        missed |= is_spread and min(one.best_ms, one.work_ms) > GOAL_MS
        table.add_row(
            one.name,
            f"{one.payments:,}",
            f"{one.best_ms:.0f}",
            f"{one.median_ms:.0f}",
            f"{one.work_ms:.0f}",
            f"{one.queries}",
        )
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
