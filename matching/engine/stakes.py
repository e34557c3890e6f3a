"""The stakes of a round: a register that is written request by request, then put in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.engine.levels import levels
from matching.engine.problem import UNIT_CENTS, Ints

Whole = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Stakes:
    """One row per stake, by request and mandate.

    Attributes:
        mandates, requests: positions in the market.
        units: the stake; last: its last portion.
        level: the level of that last portion; with base and before_cents it can be recomputed.
        reason: why it is not larger, a `limits.Reason`.
    """

    mandates: Whole
    requests: Whole
    units: Whole
    last: Whole
    level: Whole
    base: Whole
    before_cents: Whole
    reason: Whole

    def __len__(self) -> int:
        """The number of stakes."""
        return len(self.units)

    @property
    def amount_cents(self) -> Ints:
        """The stakes in cents."""
        return self.units.astype(np.int64) * UNIT_CENTS


_WRITTEN: Final = {
    "mandates": np.int32,
    "units": np.int32,
    "first": np.int32,
    "head": np.int64,
    "base": np.int64,
    "reason": np.int8,
}


class Register:
    """Room for as many stakes as there are units; pages that are never written cost nothing."""

    def __init__(self, most: int, mandate_at: Ints) -> None:
        """Take down at most `most` stakes; `mandate_at` leads from the book to the market."""
        self._mandate_at = mandate_at
        self._columns: dict[str, Whole] = {
            name: np.empty(most, kind) for name, kind in _WRITTEN.items()
        }
        self._parts: list[tuple[int, int, int]] = []
        self._end = 0

    def write(self, request: int, **columns: Whole) -> None:
        """Add the stakes of one request: the first portion's size, head and base as it was poured.

        Levels and order are worked out for all stakes at once, when everything is written.
        """
        start, self._end = self._end, self._end + len(columns["units"])
        self._parts.append((request, start, self._end))
        for name, column in columns.items():
            self._columns[name][start : self._end] = column

    def stakes(self) -> Stakes:
        """Everything in canonical order; the register is empty afterwards."""
        parts = np.array(sorted(self._parts), np.int64).reshape(-1, 3)
        request, start, end = parts.T
        count = end - start
        before = np.cumsum(count) - count
        order = np.arange(self._end) + np.repeat(start - before, count)
        of_part = np.repeat(np.arange(len(parts)), count)
        mandates = self._mandate_at[self._columns.pop("mandates")[order]]
        inner = np.argsort(of_part * len(self._mandate_at) + mandates)
        order = order[inner]
        mandates = mandates[inner].astype(np.int32)
        taken = {name: self._columns.pop(name)[order] for name in tuple(self._columns)}
        self._parts, self._end = [], 0
        units, first, head, base = (taken[name] for name in ("units", "first", "head", "base"))
        last = np.where(units > first, 1, first).astype(np.int32)
        return Stakes(
            mandates=mandates,
            requests=np.repeat(request, count).astype(np.int32),
            units=units,
            last=last,
            level=levels(head, (units - last).astype(np.int64), last.astype(np.int64), base),
            base=base,
            before_cents=head // 2,
            reason=taken["reason"],
        )
