"""What each lender could attain, which buckets are short of money, and so the order of the pour.

Buckets where money is short get a higher price; a lender's turn is counted in priced demand, so
that nobody spends on the easy ones what only he could give to the hard ones. Prices are found on a
hashed sample of lenders in a few iterations and are whole thousandths; all sums are whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching.engine.book import Book
from matching.engine.eligibility import Buckets, Eligibility
from matching.engine.levels import WEIGHT_BITS, slopes
from matching.engine.problem import UNIT_CENTS, Bools, Ints
from matching.engine.rules import Rules

PAR: Final = 1_000
"""The price of a bucket to begin with, in thousandths."""
_STEEPEST: Final = 5
_SMALL: Final = 20_000
"""Pairs of bucket and lender up to which a table of them is quicker than lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Prices and order of the buckets, and every lender's part in them.

    Attributes:
        price: in thousandths; cover: expected supply per demand in millionths.
        weight: what a bucket counts in a lender's turn; all of them sum to about 2**26.
        order: the buckets in the order of the pour.
        attainable_cents, reach: per lender: what the round could give it at best, and the weight
            of all buckets in which it takes part.
    """

    price: tuple[int, ...]
    cover: tuple[int, ...]
    weight: tuple[int, ...]
    order: tuple[int, ...]
    attainable_cents: Ints
    reach: Ints


def plan(book: Book, buckets: Buckets, eligible: Eligibility, rules: Rules) -> Plan:
    """Price the buckets on a sample, then measure every lender against the prices."""
    attainable_cents = attainable(book, buckets, eligible)
    counted = (attainable_cents > 0) | rules.heeds_outsiders
    sample = _sample(book, counted, rules.sample)
    if sample is None:
        price, have = _prices(
            buckets, _taking_part(book, buckets, eligible), attainable_cents, rules
        )
    else:
        listed = eligible.among(sample)
        sampled = attainable(book, buckets, listed)
        price, have = _prices(buckets, _taking_part(book, buckets, listed), sampled, rules)
    cover = _covers(have, int(counted.sum()), rules)
    weight = _weights(buckets, price)
    order = sorted(range(len(buckets)), key=lambda at: (int(buckets.urgent[at]), cover[at], at))
    return Plan(
        price=tuple(price),
        cover=tuple(cover),
        weight=tuple(weight),
        order=tuple(order),
        attainable_cents=attainable_cents,
        reach=reach(book, eligible, weight),
    )


def attainable(book: Book, buckets: Buckets, eligible: Eligibility) -> Ints:
    """What each lender could place at best, in cents.

    The best is the least of cash, budgets, rooms and the sum of the stake caps it can reach.
    """
    placeable = np.zeros(len(book.owner), np.int64)
    sizes, kind = np.unique(book.stake_cap, return_inverse=True)
    for grade in np.unique(buckets.grade).tolist():
        total = np.zeros(len(book.owner), np.int64)
        for bucket in np.flatnonzero(buckets.grade == grade).tolist():
            mandates, targets = eligible.of(bucket), buckets.targets_of(bucket)
            if len(sizes) <= len(mandates):
                total[mandates] += _capped_sums(targets, sizes)[kind[mandates]]
            else:
                total[mandates] += _capped_sums(targets, book.stake_cap[mandates])
        placeable += np.minimum(total, book.room[grade])
    by_mandate = np.minimum(placeable, book.budget)
    found: Ints = np.minimum(_per_lender(book, by_mandate), book.cash) * UNIT_CENTS
    return found


def reach(book: Book, eligible: Eligibility, weight: Sequence[int]) -> Ints:
    """The weight of all buckets in which each lender takes part."""
    by_mandate = np.zeros(len(book.owner), np.int64)
    for bucket, mandates in eligible:
        by_mandate[mandates] += weight[bucket]
    return _per_lender(book, by_mandate)


def _per_lender(book: Book, by_mandate: Ints) -> Ints:
    summed = np.zeros(len(book.cash), np.int64)
    np.add.at(summed, book.owner, by_mandate)
    return summed


def _capped_sums(targets: Ints, caps: Ints) -> Ints:
    """For each cap the sum of the targets, none counted above the cap."""
    if len(targets) == 1:
        return np.minimum(caps, int(targets[0]))
    ascending = np.sort(targets)
    below = np.concatenate(([0], np.cumsum(ascending)))
    at = np.searchsorted(ascending, caps)
    sums: Ints = below[at] + (len(targets) - at) * caps
    return sums


def _sample(book: Book, counted: Bools, most: int) -> Bools | None:
    """Those of the lenders counted who have the lowest lots, or None when all are few enough."""
    lots = book.lot[counted]
    if len(lots) <= most:
        return None
    last = np.partition(lots, most - 1)[most - 1]
    chosen: Bools = counted & (book.lot <= last)
    return chosen


def _prices(
    buckets: Buckets, taking_part: _Listed | _Table, attainable_cents: Ints, rules: Rules
) -> tuple[list[int], list[int]]:
    """Price in thousandths for each bucket, and the supply that it was last found on."""
    demand = buckets.units.tolist()
    price, cover = [PAR] * len(buckets), [0] * len(buckets)
    for _ in range(rules.iterations):
        priced = [units * at for units, at in zip(demand, price, strict=True)]
        rate = slopes(attainable_cents, taking_part.reach(priced))
        cover = [at * have for at, have in zip(price, taking_part.supply(rate), strict=True)]
        mean = sum(cover) // max(len(cover), 1)
        dearer = [_dearer(at, mean, have) for at, have in zip(price, cover, strict=True)]
        if dearer == price:
            break  # and it would stay so
        price = dearer
    return price, cover


def _covers(supply: list[int], lenders: int, rules: Rules) -> list[int]:
    """Cover in millionths for each bucket, from the supply of as many of `lenders` as is asked."""
    scale = min(lenders, rules.sample) * UNIT_CENTS << WEIGHT_BITS
    return [have * 1_000_000 * lenders // max(scale, 1) for have in supply]


class _Listed:
    """Who takes part in which bucket, as lists: for large markets."""

    def __init__(self, book: Book, listed: Eligibility) -> None:
        self._book, self._listed = book, listed

    def reach(self, weight: Sequence[int]) -> Ints:
        """As `reach`."""
        return reach(self._book, self._listed, weight)

    def supply(self, rate: Ints) -> list[int]:
        """For each bucket the sum of its lenders' rates."""
        owner = self._book.owner
        return [int(rate[owner[mandates]].sum()) for _bucket, mandates in self._listed]


class _Table:
    """The same as one table of noughts and ones: for small markets, where calls cost most."""

    def __init__(self, book: Book, buckets: Buckets, listed: Eligibility) -> None:
        self._table = np.zeros((len(buckets), len(book.cash)), np.int64)
        for bucket, mandates in listed:
            self._table[bucket, book.owner[mandates]] = 1

    def reach(self, weight: Sequence[int]) -> Ints:
        """As `reach`."""
        found: Ints = np.array(weight, np.int64) @ self._table
        return found

    def supply(self, rate: Ints) -> list[int]:
        """For each bucket the sum of its lenders' rates."""
        sums: list[int] = (self._table @ rate).tolist()
        return sums


def _taking_part(book: Book, buckets: Buckets, listed: Eligibility) -> _Listed | _Table:
    """Both give the same whole numbers."""
    if len(buckets) * len(book.cash) <= _SMALL:
        return _Table(book, buckets, listed)
    return _Listed(book, listed)


def _dearer(price: int, mean: int, cover: int) -> int:
    """The price moved towards mean / cover, by a factor of 5 at most either way."""
    wanted = price * mean // cover if cover else price * _STEEPEST
    return max(1, price // _STEEPEST, min(wanted, price * _STEEPEST))


def _weights(buckets: Buckets, price: list[int]) -> list[int]:
    """Priced demand, scaled so that all of it together fits the width of levels."""
    priced = [units * at for units, at in zip(buckets.units.tolist(), price, strict=True)]
    shift = max(0, sum(priced).bit_length() - WEIGHT_BITS)
    return [max(1, value >> shift) for value in priced]
