"""Rounds of small hostile markets, solved once and looked at by every invariant."""

from __future__ import annotations

from functools import cache

from matching.engine.result import Result
from matching.engine.solve import solve
from tests.matching.markets import small_market

COUNT = 300


@cache
def solved() -> tuple[Result, ...]:
    """The result of each market; market and seed are in it."""
    return tuple(solve(small_market(seed), seed) for seed in range(COUNT))
