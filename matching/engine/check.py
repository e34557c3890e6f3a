"""The independent checker: recounts a round from the market alone and refuses what breaks a rule.

It shares no code with the pour, works on cents instead of units, and follows the numbered
invariants 1 to 6: sizes, cash, rooms, caps, all or nothing, criteria.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.engine.problem import GRADES, UNIT_CENTS, Bools, Ints, Market, Pairs, places

Whole = NDArray[Any]


class BrokenRound(Exception):
    """A round breaks an invariant and must not be booked."""

    def __init__(self, invariant: int, subject: str) -> None:
        super().__init__(f"invariant {invariant} is broken: {subject}")
        self.invariant = invariant
        self.subject = subject


def check(
    market: Market,
    mandates: Whole,
    requests: Whole,
    amount_cents: Ints,
    rate: Ints | None = None,
) -> None:
    """Raise BrokenRound on the first breach.

    Args:
        mandates, requests: positions in the market, one pair per stake.
        rate: the rate of each request of the market; by default the one that it asks for.
    """
    rate = market.requests.rate if rate is None else rate
    stakes = _Recount(market, mandates, requests, amount_cents, rate)
    for invariant, broken, subject in stakes.breaches():
        if broken.any():
            first = int(np.flatnonzero(broken)[0])
            raise BrokenRound(invariant, f"{subject} ({int(broken.sum())}, first at {first})")


Breach = tuple[int, Bools, str]


class _Recount:
    """Stakes with what the market says about each."""

    def __init__(
        self, market: Market, mandates: Whole, requests: Whole, cents: Ints, rate: Ints
    ) -> None:
        self.rate = rate
        self.market, self.mandates, self.requests, self.cents = market, mandates, requests, cents
        self.lenders = np.searchsorted(market.lenders.ids, market.mandates.lender_ids)[mandates]

    def breaches(self) -> Iterator[Breach]:
        yield from self._sizes()
        yield from self._cash()
        yield from self._rooms()
        yield from self._caps()
        yield from self._wholes()
        yield from self._criteria()

    def _sizes(self) -> Iterator[Breach]:
        least = self.market.mandates.min_stake_cents[self.mandates]
        yield 1, (self.cents < least) | (self.cents <= 0), "a stake below its minimum"
        yield 1, self.cents % UNIT_CENTS != 0, "a stake off the unit"
        pairs = np.sort(self._key(self.requests))
        yield 1, pairs[1:] == pairs[:-1], "two stakes of one lender in one request"

    def _cash(self) -> Iterator[Breach]:
        cash = self.market.lenders.cash_cents
        spent = _totals(self.lenders, self.cents, len(cash))
        yield 2, spent > cash, "a lender above its cash"

    def _rooms(self) -> Iterator[Breach]:
        mandates = self.market.mandates
        grade = self.market.requests.grade[self.requests]
        cells = self.mandates * len(GRADES) + grade
        spent = _totals(cells, self.cents, len(mandates.ids) * len(GRADES))
        yield 3, spent > mandates.room_cents.ravel(), "a mandate above its room in a grade"
        by_mandate = spent.reshape(-1, len(GRADES)).sum(axis=1)
        yield 3, by_mandate > mandates.budget_cents, "a mandate above its budget"

    def _caps(self) -> Iterator[Breach]:
        mandates, requests = self.market.mandates, self.market.requests
        offered = self._held(self.market.offers, requests.ids)
        too_much = self.cents + offered > mandates.max_per_loan_cents[self.mandates]
        yield 4, too_much, "a stake above the cap per loan"
        lent = self._held(self.market.exposures, requests.borrower_ids)
        cap = mandates.max_per_borrower_cents[self.mandates]
        yield 4, lent + self.cents > cap, "a stake above the cap per borrower"
        borrowers, number = np.unique(requests.borrower_ids, return_inverse=True)
        if len(borrowers) == len(number):
            return  # nobody borrows twice, so no two stakes come together
        key = self._key(number[self.requests])
        order = np.lexsort((cap, key)) if _repeats(key) else np.arange(len(key))
        together = lent[order] + _running(key[order], self.cents[order])
        yield 4, together > cap[order], "stakes together above the cap per borrower"

    def _key(self, numbers: Whole) -> Ints:
        """One number for each pair of a stake's lender and something else that is numbered."""
        return numbers.astype(np.int64) * len(self.market.lenders.ids) + self.lenders

    def _held(self, pairs: Pairs, id_of_request: Ints) -> Ints:
        """What each stake's lender already has with what `id_of_request` names."""
        held = np.zeros(len(self.cents), np.int64)
        if not len(pairs.cents):
            return held
        others, of_pair = np.unique(pairs.other_ids, return_inverse=True)
        owners = np.searchsorted(self.market.lenders.ids, pairs.lender_ids)
        known = of_pair * len(self.market.lenders.ids) + owners
        order = np.argsort(known)
        number, is_known = places(others, id_of_request)
        has_some = np.zeros(len(self.market.lenders.ids), np.bool_)
        has_some[owners] = True
        some = np.flatnonzero(is_known[self.requests] & has_some[self.lenders])
        asked = self._key(number[self.requests])[some]
        at, found = places(known[order], asked)
        held[some[found]] = pairs.cents[order][at[found]]
        return held

    def _wholes(self) -> Iterator[Breach]:
        requests = self.market.requests
        whole = np.minimum(requests.amount_cents, requests.robot_room_cents)
        whole -= whole % UNIT_CENTS
        placed = _totals(self.requests, self.cents, len(requests.ids))
        least = np.minimum(requests.least_cents, whole)
        is_auction = requests.floor_rate < requests.rate
        least[is_auction] = requests.amount_cents[is_auction]
        wrong = (placed != 0) & ((placed < least) | (placed > whole))
        yield 5, wrong, "a request filled with less than its least or more than the whole"

    def _criteria(self) -> Iterator[Breach]:
        mandates, requests = self.market.mandates, self.market.requests
        at, of = self.mandates, self.requests
        terms = np.array(self.market.terms, np.int64)
        column = np.searchsorted(terms, requests.term_months[of])
        yield 6, ~mandates.grades[at, requests.grade[of]], "a grade that was not asked for"
        yield 6, ~mandates.terms[at, column], "a term that was not asked for"
        yield 6, ~mandates.purposes[at, requests.purpose[of]], "a purpose that was not asked for"
        yield 6, requests.mark[of] > mandates.max_mark[at], "an affordability mark beyond the limit"
        beyond = (self.rate < requests.floor_rate) | (self.rate > requests.rate)
        yield 6, np.asarray(beyond), "a price beyond the limits of its request"
        rate = self.rate[of]
        net = rate - requests.loss_rate[of]
        yield 6, net < mandates.min_net_rate[at], "a net rate below the least"
        if self.market.traits:
            both = mandates.refused[at] & requests.traits[of]
            yield 6, np.asarray(both.any(axis=1)), "a trait that is refused"
        outside = (rate < mandates.min_rate[at]) | (rate > mandates.max_rate[at])
        yield 6, outside, "a rate outside the range"


def _totals(places: Ints, cents: Ints, count: int) -> Ints:
    totals = np.zeros(count, np.int64)
    np.add.at(totals, places, cents)
    return totals


def _repeats(key: Ints) -> bool:
    ordered = np.sort(key)
    return bool((ordered[1:] == ordered[:-1]).any())


def _running(key: Ints, cents: Ints) -> Ints:
    """Running sums among equal keys that stand together."""
    if not len(cents):
        return cents
    starts = np.ones(len(cents), np.bool_)
    starts[1:] = key[1:] != key[:-1]
    total = np.cumsum(cents)
    before = (total - cents)[starts]
    running: Ints = total - before[np.cumsum(starts) - 1]
    return running
