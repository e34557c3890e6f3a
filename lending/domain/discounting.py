"""The rates at which a row of dated flows is worth nothing; APR and returns both ask for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

Time = TypeVar("Time", date, Decimal)

Flow = tuple[float, float]
"""Years from a common start, and the amount: positive one way, negative the other."""

_STEPS: Final = 2_000
_DENSE_BELOW: Final = 2.0


def net_by_time(flows: Iterable[tuple[Time, Decimal]]) -> dict[Time, Decimal]:
    """Add up what flows at the same time, in order of time, and leave out what cancels."""
    sums: dict[Time, Decimal] = {}
    for time, amount in flows:
        sums[time] = sums.get(time, Decimal(0)) + amount
    return {time: amount for time, amount in sorted(sums.items()) if amount}


def log_roots(flows: Sequence[Flow], low: float, high: float) -> list[float]:
    """Return every log rate between `low` < 0 and `high` > 0 where the value is zero, ascending.

    Flows that change direction once in time have one root, and bisection of the whole
    range finds it. Others may have more: the range is walked in steps, densely near zero.

    Args:
        flows: netted by time and in its order, as `net_by_time` gives them.
    """
    signs = [amount > 0 for _, amount in flows]
    changes = sum(one != next_one for one, next_one in pairwise(signs))
    if changes == 0:
        return []
    edges = np.array([low, high]) if changes == 1 else _grid(low, high)
    is_positive = _values(flows, edges) > 0
    return [
        _bisect(flows, float(edges[index]), float(edges[index + 1]))
        for index in np.flatnonzero(is_positive[1:] != is_positive[:-1])
    ]


def _values(flows: Sequence[Flow], log_rates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the value of `flows` at each yearly growth e**log_rate, up to a positive factor.

    The factor moves the day of valuation to the end that keeps exponents from overflowing.
    """
    times, amounts = np.array(flows, dtype=np.float64).T
    origins = np.where(log_rates >= 0, times[0], times[-1])
    values: npt.NDArray[np.float64] = (
        np.exp(-log_rates[:, None] * (times - origins[:, None])) @ amounts
    )
    return values


def _value(flows: Sequence[Flow], log_rate: float) -> float:
    """The same at one rate, summed exactly."""
    origin = flows[0][0] if log_rate >= 0 else flows[-1][0]
    return math.fsum(amount * math.exp(-log_rate * (years - origin)) for years, amount in flows)


def _grid(low: float, high: float) -> npt.NDArray[np.float64]:
    """Steps from `low` to `high`: even near zero, growing geometrically outside."""
    inner = min(_DENSE_BELOW, -low, high)
    below = -np.geomspace(-low, inner, _STEPS)
    above = np.geomspace(inner, high, _STEPS)
    return np.concatenate([below, np.linspace(-inner, inner, 2 * _STEPS)[1:-1], above])


def _bisect(flows: Sequence[Flow], low: float, high: float) -> float:
    """Halve a range whose ends differ in sign until floats allow no more."""
    low_is_positive = _value(flows, low) > 0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if (_value(flows, middle) > 0) == low_is_positive:
            low = middle
        else:
            high = middle
