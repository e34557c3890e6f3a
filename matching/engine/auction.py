"""The price of an auction: the lowest rate at which enough is offered, one for all lenders.

A borrower names the highest rate that it would pay, the price list the lowest that the grade may
pay. Between them lie the prices of a grid, and the highest itself. At each price stand the mandates
that take it. The price is the lowest at which they may give `coverage` times the amount; where not
even the highest reaches that but the amount can be given there, it is the highest.

With a coverage of 1 (the pure price) nobody who asked for less is left out for one who asked for
more: those who would have lent at the price before give all they may, and only those whom this
price brought in share what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching.engine.problem import PURE_PRICE, Bools, Ints

GRID: Final = 50
"""Five basis points, in hundred-thousandths."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A price that may do.

    Attributes:
        eligible: places of those who lend at it.
        cheaper: for each of these, whether it would have lent at the price before.
    """

    rate: int
    eligible: Ints
    cheaper: Bools


def grid(floor_rate: int, rate: int) -> Ints:
    """The prices from the lowest to the highest, in hundred-thousandths, ascending."""
    return np.append(np.arange(floor_rate, rate, GRID), rate)


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """What is offered at each price of `rates`.

    Attributes:
        lowest, highest: the rates between which each lender takes part; caps: what it may give.
    """

    rates: Ints
    lowest: Ints
    highest: Ints
    caps: Ints

    def largest(self) -> int:
        """The most that is offered at any price, in units."""
        return int(self._offered().max())

    def steps(self, target: int, coverage: int) -> Iterator[Step]:
        """The prices at which `target` may be filled, in the order in which they are tried.

        Args:
            coverage: offers wanted per amount, in thousandths.
        """
        offered = self._offered()
        wanted = -(-target * coverage // PURE_PRICE)
        tried = (offered >= wanted).nonzero()[0].tolist()
        top = len(self.rates) - 1
        if offered[top] >= target and top not in tried:
            tried.append(top)
        first, last = self._first(), self._last()
        for at in tried:
            eligible = ((first <= at) & (at <= last)).nonzero()[0]
            is_cheaper = (first[eligible] < at) & (coverage == PURE_PRICE)
            yield Step(int(self.rates[at]), eligible, is_cheaper)

    def _first(self) -> Ints:
        return self.rates.searchsorted(self.lowest)

    def _last(self) -> Ints:
        return self.rates.searchsorted(self.highest, side="right") - 1

    def _offered(self) -> Ints:
        """Units on offer at each price."""
        first, last = self._first(), self._last()
        takes_part = first <= last
        change = np.zeros(len(self.rates) + 1, np.int64)
        np.add.at(change, first[takes_part], self.caps[takes_part])
        np.subtract.at(change, last[takes_part] + 1, self.caps[takes_part])
        return change.cumsum()[:-1]
