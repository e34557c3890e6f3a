"""The engine's fill rates beside those of the fairest flow."""

from __future__ import annotations

from bench.flows import fairest
from bench.markets import generated
from bench.matching import Fairness, Quality, quality
from matching.engine.figures import gini
from matching.engine.problem import UNIT_CENTS


def fairness(
    lenders: int, requests: int, *, cash_per_demand: float, seed: int
) -> tuple[Quality, Fairness]:
    """Serve a market by the engine and by the fairest flow."""
    market = generated(lenders, requests, cash_per_demand=cash_per_demand, seed=seed)
    one, placed, attainable = quality(market, cash_per_demand=cash_per_demand, seed=seed)
    flowed = fairest(market, attainable)
    bound = placed.sum() / one.of_bound
    assert flowed.sum() <= bound * (1 + 1e-9), "the fairest flow is no flow"
    able = attainable >= UNIT_CENTS
    rates = placed[able] / attainable[able], flowed[able] / attainable[able]
    return one, Fairness(seed, gini(rates[0]), gini(rates[1]), float(flowed.sum() / bound))
