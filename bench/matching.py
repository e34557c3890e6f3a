"""The engine against loops and against the most that is possible, on one market in one run."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import TypeVar

from bench.bound import most_money
from bench.markets import generated
from bench.naive import LOOPS
from matching.engine.figures import figures
from matching.engine.problem import Market
from matching.engine.solve import solve

T = TypeVar("T")


@dataclass(frozen=True)
class Measured:
    """One way of matching one market.

    Attributes:
        seconds: processor time; for the engine with its check, the best of three.
        of_bound: funded money as a part of the largest flow.
        jain: evenness of the lenders' fill rates; None where it was not taken.
    """

    name: str
    seconds: float
    of_bound: float
    jain: float | None = None
    stakes: int | None = None


def measured(
    lenders: int, requests: int, *, cash_per_demand: float, seed: int, loops: bool
) -> list[Measured]:
    """Measure the engine, the bound and, where asked for, the loops."""
    market = generated(lenders, requests, cash_per_demand=cash_per_demand, seed=seed)
    seconds, result = min((_timed(lambda: solve(market, seed)) for _ in range(3)), key=_seconds)
    took, bound = _timed(lambda: most_money(market))
    found = figures(result)
    rows = [
        Measured(
            "engine",
            seconds,
            result.funded_cents / bound,
            found["jain"],
            found["stakes"],
        ),
        Measured("largest flow", took, 1.0),
    ]
    if loops:
        rows.extend(_looped(name, loop, market, bound) for name, loop in LOOPS.items())
    return rows


def _looped(
    name: str, loop: Callable[[Market], dict[int, int]], market: Market, bound: int
) -> Measured:
    seconds, placed = _timed(lambda: loop(market))
    return Measured(name, seconds, sum(placed.values()) / bound)


def _timed(act: Callable[[], T]) -> tuple[float, T]:
    started = process_time()
    done = act()
    return process_time() - started, done


def _seconds(timed: tuple[float, object]) -> float:
    return timed[0]


def peak_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
