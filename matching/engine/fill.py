"""One request: its whole amount dealt out in stakes, each to the least level, or not at all.

The rule is a queue: the lender with the least next level takes a stake (its first portion, later
single units); ties go to whoever stands first; a portion larger than what is left is passed over.
Here it is computed in one stroke: find a level under which about enough stakes lie, write all of
these down, sort them, and cut where the amount is reached. Only what a cut leaves over (because a
portion did not fit) is dealt out one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np

from matching.engine.levels import level_of_one, levels, single_units_within, units_within
from matching.engine.problem import Ints

_SPREAD: Final = 4
"""So many times the amount may be written down before the level is narrowed."""


@dataclass(frozen=True, slots=True, eq=False)
class Lots:
    """Those who may take part in one request, in the order of ties.

    Attributes:
        head: 2 * (placed - owed) in cents; base: see `levels`.
        cap: at most so many units in this request; first: size of the first portion, up to cap.
        is_single: every first portion is a single unit, which is reckoned with more quickly.
    """

    head: Ints
    base: Ints
    cap: Ints
    first: Ints
    is_single: bool = False

    def only(self, chosen: Ints) -> Lots:
        """Some of them, in the same order."""
        first = self.first[: len(chosen)] if self.is_single else self.first[chosen]
        return Lots(self.head[chosen], self.base[chosen], self.cap[chosen], first, self.is_single)


def deal(target: int, lots: Lots, bound: int | None = None) -> Ints | None:
    """Units per lender that sum to `target`, or None when portions do not fit it exactly.

    Args:
        target: in units, at least 1.
        lots: caps must sum to `target` at least, unless a bound is given.
        bound: stop at this level (None then also means that levels up to it do not suffice);
            with it a part of the lenders can stand for all when the rest begin above it.
    """
    start = levels(lots.head, 0, lots.first, lots.base)
    if len(start) > target:
        high = int(np.partition(start, target - 1)[target - 1])
    else:
        high = _level_that_fills(target, lots)
    return deal_up_to(high, target, lots, bound)


def deal_up_to(high: int, target: int, lots: Lots, bound: int | None = None) -> Ints | None:
    """`deal` where the stakes up to the level `high` are known to hold `target` units."""
    reached = _reached(high if bound is None else min(high, bound), target, lots)
    near = reached.nonzero()[0]
    units = np.zeros(len(lots.cap), np.int64)
    units[near] = _cut(target, lots.only(near), reached[near])
    left = target - int(units.sum())
    return _finish(left, lots, units, bound) if left else units


def _reached(high: int, target: int, lots: Lots) -> Ints:
    """Units up to `high`, or a lower level that holds the target, if there are many too many."""
    reached = _units_up_to(high, lots)
    if int(reached.sum()) <= _SPREAD * target:
        return reached
    low = int(levels(lots.head, 0, lots.first, lots.base).min()) - 1
    while high - low > 1 and int(reached.sum()) > _SPREAD * target:
        middle = (low + high) // 2
        fewer = _units_up_to(middle, lots)
        if int(fewer.sum()) >= target:
            high, reached = middle, fewer
        else:
            low = middle
    return reached


def _units_up_to(level: int, lots: Lots) -> Ints:
    if lots.is_single:
        return single_units_within(level, lots.head, lots.cap, lots.base)
    return units_within(level, lots.head, lots.first, lots.cap, lots.base)


def _level_that_fills(target: int, lots: Lots) -> int:
    """The least level at which lenders who are at their caps fill `target` by themselves."""
    last = np.where(lots.cap > lots.first, 1, lots.first)
    full = levels(lots.head, lots.cap - last, last, lots.base)
    order = np.argsort(full, kind="stable")
    enough = int(np.searchsorted(np.cumsum(lots.cap[order]), target))
    return int(full[order[min(enough, len(order) - 1)]])


def _cut(target: int, lots: Lots, reached: Ints) -> Ints:
    """Sort all portions up to `reached` by level and keep the beginning that fits `target`."""
    if int(reached.sum()) <= target:
        return reached
    if lots.is_single:
        return _cut_single(target, lots, reached)
    portions = 1 + reached - lots.first
    ends = portions.cumsum()
    taker = np.arange(len(portions)).repeat(portions)
    size = np.ones(len(taker), np.int64)
    size[ends - portions] = lots.first
    before = np.cumsum(size) - size
    before -= np.repeat(before[ends - portions], portions)
    level = levels(lots.head[taker], before, size, lots.base[taker])
    order = np.argsort(level, kind="stable")
    kept = int(np.searchsorted(np.cumsum(size[order]), target, side="right"))
    units = np.zeros_like(lots.cap)
    np.add.at(units, taker[order[:kept]], size[order[:kept]])
    return units


def _cut_single(target: int, lots: Lots, reached: Ints) -> Ints:
    """The same where every portion is one unit: the `target` least need not be in order."""
    ends = reached.cumsum()
    taker = np.arange(len(reached)).repeat(reached)
    before = np.arange(len(taker)) - (ends - reached)[taker]
    level = levels(lots.head[taker], before, 1, lots.base[taker])
    last = int(np.partition(level, target - 1)[target - 1])
    units = np.bincount(taker[level < last], minlength=len(reached))
    ties = (level == last).nonzero()[0][: target - int(units.sum())]
    units += np.bincount(taker[ties], minlength=len(reached))
    return units


def _finish(left: int, lots: Lots, units: Ints, bound: int | None) -> Ints | None:
    """Deal out the last `left` units one portion at a time; None when they find no taker.

    Only the nearest `left` lenders can matter until one is passed over, so each turn looks at
    those alone, up to the level of the last of them.
    """
    while left:
        size = np.where(units == 0, lots.first, 1)
        able = np.flatnonzero((units + size <= lots.cap) & (size <= left))
        level = levels(lots.head[able], units[able], size[able], lots.base[able])
        edge = bound
        if len(able) > left:
            last = int(np.partition(level, left - 1)[left - 1])
            edge = last if bound is None else min(last, bound)
        if edge is not None:
            able, level = able[level <= edge], level[level <= edge]
        if not len(able):
            return None
        left -= _one_by_one(
            left, lots, units, list(zip(level.tolist(), able.tolist(), strict=True)), edge
        )
    return units


def _one_by_one(
    left: int, lots: Lots, units: Ints, queue: list[tuple[int, int]], edge: int | None
) -> int:
    """Serve the queue of (level, lender) up to the level `edge`; returns how much was dealt."""
    dealt = 0
    heapify(queue)
    while queue and dealt < left:
        _, at = heappop(queue)
        portion = int(lots.first[at]) if units[at] == 0 else 1
        if portion > left - dealt:
            continue
        units[at] += portion
        dealt += portion
        if units[at] < lots.cap[at]:
            level = level_of_one(int(lots.head[at]), int(units[at]), 1, int(lots.base[at]))
            if edge is None or level <= edge:
                heappush(queue, (level, at))
    return dealt
