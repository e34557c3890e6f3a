"""The engine against loops and against the most that is possible, on the same markets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import TypeVar

from bench.bound import most_money
from bench.markets import generated
from bench.naive import LOOPS
from matching.engine.figures import Figures, figures
from matching.engine.problem import Ints, Market
from matching.engine.solve import solve

T = TypeVar("T")


@dataclass(frozen=True)
class Quality:
    """How well one market was served.

    Attributes:
        of_bound: money in whole requests as a part of the largest flow.
    """

    cash_per_demand: float
    seed: int
    of_bound: float
    found: Figures


@dataclass(frozen=True)
class Fairness:
    """Gini's coefficient of fill rates in one market; `of_bound` is what the flow placed."""

    seed: int
    engine: float
    flow: float
    of_bound: float


@dataclass(frozen=True)
class Timed:
    """One way of matching a market: processor time, and how well it did."""

    name: str
    seconds: float
    of_bound: float


@dataclass(frozen=True)
class Solved:
    """A round of the engine on a market; `seconds` are of the engine alone, with its check."""

    seconds: float
    pairs: int
    stakes: int
    requests: int
    funded_requests: int
    funded_cents: int


def quality(market: Market, *, cash_per_demand: float, seed: int) -> tuple[Quality, Ints, Ints]:
    """Serve a market; also what each lender placed and could have placed at best, in cents."""
    result = solve(market, seed)
    bound = most_money(market)
    assert result.funded_cents <= bound, "more was placed than can flow"
    one = Quality(cash_per_demand, seed, result.funded_cents / bound, figures(result))
    return one, result.placed_cents, result.attainable_cents


def speeds(lenders: int, requests: int, *, seed: int, repeats: int) -> list[Timed]:
    """The engine, the largest flow and the loops on one market; the engine's best of several."""
    market = generated(lenders, requests, cash_per_demand=1, seed=seed)
    took, bound = timed(lambda: most_money(market))
    runs = [timed(lambda: solve(market, seed)) for _ in range(repeats)]
    seconds = min(run[0] for run in runs)
    rows = [
        Timed("engine", seconds, runs[0][1].funded_cents / bound),
        Timed("largest flow (bound only)", took, 1.0),
    ]
    for name, loop in LOOPS.items():
        seconds, placed = timed(lambda loop=loop: loop(market))
        rows.append(Timed(name, seconds, sum(placed.values()) / bound))
    return rows


def solved(lenders: int, requests: int, cash_per_demand: float, seed: int, repeats: int) -> Solved:
    """Generate and solve a market of any size; the best time of several."""
    market = generated(lenders, requests, cash_per_demand=cash_per_demand, seed=seed)
    before = [timed(lambda: solve(market, seed))[0] for _ in range(repeats - 1)]
    last, result = timed(lambda: solve(market, seed))
    return Solved(
        seconds=min([*before, last]),
        pairs=result.pairs,
        stakes=len(result.stakes),
        requests=requests,
        funded_requests=int(result.is_funded.sum()),
        funded_cents=result.funded_cents,
    )


def timed(act: Callable[[], T]) -> tuple[float, T]:
    """Processor time of this process, and what came out."""
    started = process_time()
    done = act()
    return process_time() - started, done
