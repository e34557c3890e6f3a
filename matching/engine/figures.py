"""How evenly a round served: figures for people, never for a decision."""

from __future__ import annotations

from typing import Final, TypedDict

import numpy as np

from matching.engine.problem import UNIT_CENTS, Ints
from matching.engine.result import Result

SIZES: Final = (0, 100_00, 500_00, 1_000_00, 5_000_00, 20_000_00)
"""Where classes of lenders begin, by the cents that they could place."""
_TENTHS: Final = 10


class SizeFigures(TypedDict):
    """Lenders of one class of size: how many, what they could place, and what they did."""

    least_cents: int
    lenders: int
    attainable_cents: int
    placed_cents: int


class Figures(TypedDict):
    """A round in numbers; amounts in cents, shares from 0 to 1."""

    lenders: int
    mandates: int
    requests: int
    pairs: int
    stakes: int
    demand_cents: int
    supply_cents: int
    attainable_cents: int
    funded_requests: int
    funded_cents: int
    lenders_able: int
    lenders_served: int
    jain: float
    gini: float
    sizes: list[SizeFigures]
    fill_tenths: list[int]


def figures(result: Result) -> Figures:
    """Supply, demand, what was funded, and how equal the lenders' fill rates are.

    Jain's index is 1 and Gini's coefficient 0 when all who could lend placed the same share of what
    they could. `fill_tenths` counts the lenders who placed up to a tenth of what they could, up to
    two tenths, and so on.
    """
    market, able = result.market, result.attainable_cents >= UNIT_CENTS
    rates = result.placed_cents[able] / result.attainable_cents[able]
    return Figures(
        lenders=len(market.lenders.ids),
        mandates=len(market.mandates.ids),
        requests=len(market.requests.ids),
        pairs=result.pairs,
        stakes=len(result.stakes),
        demand_cents=int(market.requests.target_units().sum()) * UNIT_CENTS,
        supply_cents=int(market.lenders.cash_cents.sum()),
        attainable_cents=int(result.attainable_cents.sum()),
        funded_requests=int(result.is_funded.sum()),
        funded_cents=result.funded_cents,
        lenders_able=int(able.sum()),
        lenders_served=int((result.placed_cents > 0).sum()),
        jain=round(jain(rates), 6),
        gini=round(gini(rates), 6),
        sizes=_by_size(result.attainable_cents[able], result.placed_cents[able]),
        fill_tenths=_by_tenth(result.attainable_cents[able], result.placed_cents[able]),
    )


def _by_size(attainable: Ints, placed: Ints) -> list[SizeFigures]:
    """The classes in which there is somebody, small lenders first."""
    places = np.searchsorted(SIZES, attainable, side="right") - 1
    return [
        SizeFigures(
            least_cents=least,
            lenders=int((places == place).sum()),
            attainable_cents=int(attainable[places == place].sum()),
            placed_cents=int(placed[places == place].sum()),
        )
        for place, least in enumerate(SIZES)
        if (places == place).any()
    ]


def _by_tenth(attainable: Ints, placed: Ints) -> list[int]:
    """Lenders by the tenth of what they could place that they reached."""
    tenths = np.maximum(-(-placed * _TENTHS // attainable), 1) - 1
    counts: list[int] = np.bincount(tenths, minlength=_TENTHS).tolist()
    return counts


def jain(rates: np.ndarray) -> float:
    """Jain's index of fill rates: 1 where all are equal, 1 / n where one has everything."""
    squares = float((rates**2).sum())
    return float(rates.sum()) ** 2 / (len(rates) * squares) if squares else 1.0


def gini(rates: np.ndarray) -> float:
    """Gini's coefficient of fill rates: 0 where all are equal."""
    total, count = float(rates.sum()), len(rates)
    if not total:
        return 0.0
    ranked = np.sort(rates)
    return float(
        2 * (np.arange(1, count + 1) * ranked).sum() / (count * total) - (count + 1) / count
    )
