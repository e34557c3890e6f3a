"""Many rounds with much more cash than demand: does everybody have a turn?

Lenders, mandates and cash stay as they are (what is lent is paid in again), requests are new in
each round. The share of a small account is then less than a stake, so that only the carry from
round to round can bring it one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.markets import generated, next_requests
from matching.engine.figures import jain
from matching.engine.problem import UNIT_CENTS, no_pairs
from matching.engine.solve import solve


@dataclass(frozen=True)
class Turns:
    """How rounds together served the lenders who could lend.

    Attributes:
        jain: evenness of what was placed per what was attainable, over all rounds.
        never: the part of lenders who were never served.
        small, large: the fill rate of accounts under, and from, 500 euros.
    """

    rounds: int
    lenders: int
    jain: float
    never: float
    small: float
    large: float


def turns(
    lenders: int,
    requests: int,
    *,
    rounds: int,
    cash_per_demand: float,
    seed: int,
    carries: bool = True,
) -> Turns:
    """Run so many rounds and add up; `carries` says whether a round hears of those before."""
    market = generated(lenders, requests, cash_per_demand=cash_per_demand, seed=seed)
    people = market.lenders
    placed, attainable = np.zeros((2, lenders), np.int64)
    for number in range(1, rounds + 1):
        asked = next_requests(requests, seed=seed, round_=number)
        now = replace(market, lenders=people, requests=asked, exposures=no_pairs())
        result = solve(now, seed + number)
        placed += result.placed_cents
        attainable += result.attainable_cents
        if carries:
            people = replace(people, owed_cents=result.owed_cents)
    able = attainable >= UNIT_CENTS
    rates = placed[able] / attainable[able]
    is_small = people.cash_cents[able] < 50_000
    return Turns(
        rounds=rounds,
        lenders=int(able.sum()),
        jain=jain(rates),
        never=float((placed[able] == 0).mean()),
        small=_rate(placed[able][is_small], attainable[able][is_small]),
        large=_rate(placed[able][~is_small], attainable[able][~is_small]),
    )


def _rate(placed: np.ndarray, attainable: np.ndarray) -> float:
    return float(placed.sum() / max(attainable.sum(), 1))
