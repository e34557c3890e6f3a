"""The figures as a page for readers: docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from bench.goals import GOALS

if TYPE_CHECKING:
    from bench.found import Found

_INTRO: Final = """\
# Performance

Written by `make bench`; do not edit by hand. `make bench ARGS=--quick` runs small sizes and leaves
this page as it is.

A second on one machine says little about another, so every goal is a ratio between two things that
were timed in the same run, or a number that no machine changes. "Euros" are only those in requests
that were filled to the cent."""

_NOTES: Final = """\
## How it is measured

- **Markets** come from a seed (`bench/markets.py`): one lender in ten has a second mandate, half of
  the mandates filter for themselves, about a third of all pairs may come together, cash is
  lognormal, requests ask for 1,000 to 50,000 euros. Sizes are lenders x requests. In the markets
  for memory and growth cash equals demand, at a million lenders it is ten times demand.
- **Largest flow** is an upper bound: requests may be filled in part, smallest stakes do not count.
  No method can place more; the engine fills requests whole.
- **Fairest flow** is, among all largest flows, the one with the least sum of a convex cost of the
  fill rates (20 steps, the same for every lender). It too may fill requests in part.
- **Fill rate** is what a lender placed per what it could have placed at best. Gini is 0 and Jain 1
  when all are equal.
- **Loops** are what a typical project writes: plain objects, the same filters and limits, whole
  requests only (`bench/naive.py`).
- **Times** of matching are processor time, the best of several for the engine, which checks its
  result; building their objects counts for the loops, as numbering lenders and finding pairs counts
  for the engine. A load of more than the cores says that others worked on the machine: it spreads
  the figures of writing most, as they are taken by the clock on the wall.
- **Memory** is the peak of a process of its own, with interpreter, libraries and the market itself.
  Grouped, the network has one node for all requests that look alike and tells a total only, not who
  lends to whom. With an arc for each pair 100k x 10k would have four times the arcs of 50k x 5k.
- **Writing a round** begins when the round is decided and ends with its last commit: locks, guards,
  offers, receipts, ledger, balances, carry. COPY writes the same rows into the same tables and does
  nothing else. The Django way writes a tenth of the rows, at most those of 40 requests, by
  `bulk_create` and changes two balances per stake by `F()`. Each run has a fresh copy of the
  database, all constraints, foreign keys and indexes are on; the best of several alternating runs
  by the clock on the wall counts.
- **A collection day** has one instalment of each loan and a hundred lenders to each: `repay_many`
  from reading what is due to its last commit, with cents, balances, instalments, holdings and
  timelines (`bench/day_end.py`). COPY writes the same rows of ledger, payments, parts, shares and
  timeline into the same tables. Row by row is a transaction for each payment with an object for
  each share and each move, five payments of it. The days take turns, ten small
  ones for one that is ten times as large, and the mean of all runs counts: a machine that
  slows down for a time slows all. A market that is ten times as large has ten times the loans and
  lenders, so that its tables are larger before the day begins and each lender's account is touched
  by fewer shares at a time; what larger tables cost by themselves the growth of COPY tells.
"""


def page(found: Found, machine: Mapping[str, str], on: date) -> str:
    """The whole page."""
    parts = [
        _INTRO,
        "## Goals",
        _goals(found.figures()),
        f"## Machine\n\nMeasured on {on:%Y-%m-%d}.",
        _table(("", ""), machine.items()),
        details(found),
        _NOTES,
    ]
    return "\n\n".join(parts)


def details(found: Found) -> str:
    """Every figure that was taken."""
    parts = [
        "## How much is placed, and how evenly",
        _quality(found),
        _fairness(found),
        _turns(found),
        "## How long it takes, and how much memory",
        _speeds(found),
        _rounds(found),
        _flows(found),
        "## How fast a round is written",
        _commits(found),
        "## How fast a collection day is shared out",
        _days(found),
    ]
    return "\n\n".join(parts)


def _goals(figures: Mapping[str, float]) -> str:
    rows = (
        (
            name,
            goal.metric,
            goal.beside,
            f"{figures[name]:,.{goal.digits}f}",
            goal.bound,
            goal.reached(figures[name]),
        )
        for name, goal in GOALS.items()
    )
    return _table(("", "metric", "compared with", "figure", "goal", ""), rows)


def _quality(found: Found) -> str:
    rows = (
        (
            f"{one.cash_per_demand:g}",
            str(one.seed),
            f"{one.of_bound:.4f}",
            f"{one.found['funded_requests']:,} of {one.found['requests']:,}",
            f"{one.found['stakes']:,}",
            f"{one.found['jain']:.4f}",
            f"{one.found['gini']:.4f}",
        )
        for one in found.quality
    )
    head = ("cash per demand", "seed", "euros / largest flow", "filled", "stakes", "Jain", "Gini")
    return _titled(_size(found.sizes.usual), _table(head, rows))


def _fairness(found: Found) -> str:
    rows = (
        (str(one.seed), f"{one.engine:.4f}", f"{one.flow:.4f}", f"{one.engine - one.flow:+.4f}")
        for one in found.fairness
    )
    table = _table(("seed", "Gini, engine", "Gini, fairest flow", "difference"), rows)
    return _titled(f"{_size(found.sizes.usual)}, cash twice the demand", table)


def _turns(found: Found) -> str:
    rows = (
        (
            "with carry" if carries else "without carry",
            f"{one.jain:.4f}",
            f"{one.never:.2%}",
            f"{one.small:.1%}",
            f"{one.large:.1%}",
        )
        for carries, one in found.turns.items()
    )
    head = ("", "Jain", "never served", "fill rate under 500 euros", "from 500 euros")
    rounds = found.turns[True].rounds
    title = f"{_size(found.sizes.over_time)}, {rounds} rounds, cash ten times the demand"
    return _titled(title, _table(head, rows))


def _speeds(found: Found) -> str:
    sizes = found.sizes
    tables = []
    for size, timed in ((sizes.small, found.small_speeds), (sizes.usual, found.speeds)):
        engine = timed[0].seconds
        rows = (
            (
                one.name,
                f"{one.seconds:.3f}",
                f"{engine / one.seconds:.3f}",
                f"{one.of_bound:.4f}",
            )
            for one in timed
        )
        table = _table(("", "seconds", "engine / this", "euros / largest flow"), rows)
        tables.append(_titled(f"{_size(size)}, cash equal to demand", table))
    return "\n\n".join(tables)


def _rounds(found: Found) -> str:
    rows = (
        (
            _size(size),
            f"{one.value.seconds:.2f}",
            f"{one.peak_mb:,.0f}",
            f"{one.value.pairs:,}",
            f"{one.value.stakes:,}",
            f"{one.value.funded_requests:,} of {one.value.requests:,}",
        )
        for size, one in found.rounds.items()
    )
    head = ("lenders x requests", "seconds", "peak MB", "pairs", "stakes", "filled")
    return _titled("The engine, each market in a process of its own", _table(head, rows))


def _flows(found: Found) -> str:
    sizes = found.sizes
    rows = (
        (
            _size(size),
            "an arc for each pair" if size == sizes.exact else "grouped",
            f"{one.value.seconds:.1f}",
            f"{one.peak_mb:,.0f}",
            f"{found.rounds[size].peak_mb / one.peak_mb:.3f}",
            f"{found.rounds[size].value.funded_cents / one.value.cents:.4f}",
        )
        for size, one in found.flows.items()
    )
    head = (
        "lenders x requests",
        "network",
        "seconds",
        "peak MB",
        "engine's peak / this",
        "engine's euros / this",
    )
    return _titled("The largest flow by OR-Tools on the same markets", _table(head, rows))


def _commits(found: Found) -> str:
    rows = (
        (
            f"{one.stakes:,}",
            f"{one.ours_per_second:,.0f}",
            f"{one.copy_per_second:,.0f}",
            f"{one.django_per_second:,.0f}",
            f"{one.of_copy:.2f}",
            f"{one.of_django:.1f}",
        )
        for one in found.commits
    )
    head = ("stakes", "ours /s", "COPY /s", "Django /s", "ours / COPY", "ours / Django")
    return _table(head, rows)


def _days(found: Found) -> str:
    assert found.days, "the last to be measured"
    rows = (
        (
            f"{one.loans:,}",
            f"{one.instalments:,}",
            f"{one.instalments / one.seconds:,.0f}",
            f"{one.shares / one.seconds:,.0f}",
            f"{one.moves / one.seconds:,.0f}",
            f"{one.shares / one.copy_seconds:,.0f}",
            f"{one.row_by_row_per_second:,.0f}",
            f"{one.of_copy:.2f}",
            f"{one.of_row_by_row:.1f}",
        )
        for one in found.days
    )
    head = (
        "loans in the market",
        "instalments",
        "instalments /s",
        "shares /s",
        "moves /s",
        "COPY, shares /s",
        "row by row, shares /s",
        "ours / COPY",
        "ours / row by row",
    )
    return f"{_table(head, rows)}\n\n{found.days.told}"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]:,} x {size[1]:,}"


def _titled(title: str, table: str) -> str:
    return f"{title}:\n\n{table}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
