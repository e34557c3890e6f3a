"""Rounds of small hostile markets, solved once and looked at by every invariant."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from matching.engine.result import Result
from matching.engine.solve import solve
from tests.matching.markets import small_market
from tests.seeds import seeds, tried

SEEDS = seeds(few=2_000, many=10_000)


def solved(count: int = len(SEEDS)) -> Iterator[Result]:
    """The result of each market, or of the first `count`; market and seed are in it."""
    return (_solved(seed) for seed in tried(SEEDS[:count]))


@cache
def _solved(seed: int) -> Result:
    return solve(small_market(seed), seed)
