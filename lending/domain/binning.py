"""Cutting a number into bins whose bad share only rises, or only falls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lending.domain.characteristics import Value

FIRST_BINS: Final = 10
MIN_SHARE: Final = 0.05


class Cell(NamedTuple):
    """A bin for numbers up to an edge, or for one word."""

    up_to: float
    word: str | None

    def holds(self, value: Value) -> bool:
        """True for the word itself, or for a number up to the edge; asked in order of edges."""
        if value is None or isinstance(value, str):
            return value is not None and value == self.word
        return self.word is None and value <= self.up_to


class _Run(NamedTuple):
    """Neighbouring bins taken together."""

    up_to: float
    rows: float
    bad: float

    @property
    def share(self) -> float:
        return self.bad / self.rows


def monotone_edges(
    values: Sequence[Value], is_bad: npt.NDArray[np.float64], risk: Literal["rises", "falls"]
) -> list[float]:
    """Return upper edges, the last infinite, between which the bad share moves one way.

    Tenths of the known values are merged while neighbours go against `risk`, then while
    a bin holds less than a twentieth of all rows. Edges are round numbers.
    """
    known = [isinstance(value, (int, float)) for value in values]
    numbers = np.array([value for value, is_known in zip(values, known, strict=True) if is_known])
    bad = is_bad[np.array(known)]
    shares = np.linspace(0, 1, FIRST_BINS + 1)[1:-1]
    edges = sorted({_round(float(edge)) for edge in np.quantile(numbers, shares, method="lower")})
    runs = _first_runs(numbers.astype(np.float64), bad, edges)
    runs = _merge_small(_merge_against(runs, risk), MIN_SHARE * len(values))
    return [run.up_to for run in runs[:-1]] + [math.inf]


def cells_of(values: Sequence[Value], cells: Sequence[Cell]) -> npt.NDArray[np.intp]:
    """Return the index of each value's cell; the index past the last where it is unknown."""
    places = [
        next((place for place, cell in enumerate(cells) if cell.holds(value)), len(cells))
        for value in values
    ]
    return np.array(places, dtype=np.intp)


def _round(edge: float) -> float:
    """Keep two decimals, or the whole number where it is large."""
    return round(edge, 2) if edge < 10 else float(round(edge))


def _first_runs(
    numbers: npt.NDArray[np.float64], bad: npt.NDArray[np.float64], edges: Sequence[float]
) -> list[_Run]:
    limits = [*edges, math.inf]
    places = np.searchsorted(limits, numbers, side="left")
    rows = np.bincount(places, minlength=len(limits))
    bads = np.bincount(places, weights=bad, minlength=len(limits))
    return [
        _Run(limit, float(count), float(bad_count))
        for limit, count, bad_count in zip(limits, rows, bads, strict=True)
        if count
    ]


def _merge(left: _Run, right: _Run) -> _Run:
    return _Run(right.up_to, left.rows + right.rows, left.bad + right.bad)


def _merge_against(runs: Sequence[_Run], risk: Literal["rises", "falls"]) -> list[_Run]:
    """Pool neighbours whose bad share does not move the way it should."""
    sign = 1 if risk == "rises" else -1
    pooled: list[_Run] = []
    for run in runs:
        pooled.append(run)
        while len(pooled) > 1 and sign * (pooled[-1].share - pooled[-2].share) <= 0:
            right = pooled.pop()
            pooled.append(_merge(pooled.pop(), right))
    return pooled


def _merge_small(runs: Sequence[_Run], min_rows: float) -> list[_Run]:
    """Join the smallest run to the neighbour most like it, while it is too small."""
    merged = list(runs)
    while len(merged) > 1:
        small = min(range(len(merged)), key=lambda index: merged[index].rows)
        if merged[small].rows >= min_rows:
            break
        neighbours = [index for index in (small - 1, small + 1) if 0 <= index < len(merged)]
        other = min(neighbours, key=lambda index: abs(merged[index].share - merged[small].share))
        left = min(small, other)
        merged[left : left + 2] = [_merge(merged[left], merged[left + 1])]
    return merged
