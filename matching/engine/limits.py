"""What keeps a stake from being larger: the six limits, and which of them binds."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import numpy as np

from matching.engine.book import Book
from matching.engine.problem import UNIT_CENTS, Ints, Pairs, places


class Reason(IntEnum):
    """Why a stake is not larger, from the least to the most surprising for its lender."""

    LEVEL = 0
    AMOUNT = 1
    LOAN_CAP = 2
    BORROWER_CAP = 3
    ROOM = 4
    BUDGET = 5
    CASH = 6


_NOBODY: Final[tuple[Ints, Ints]] = (np.zeros(0, np.int64), np.zeros(0, np.int64))


class Purse:
    """What lenders and mandates may still place while a round runs; it only shrinks."""

    def __init__(self, book: Book) -> None:
        """Start with what the snapshot says."""
        self._book = book
        self.cash = book.cash.copy()
        self.budget = book.budget.copy()
        self.room = [room.copy() for room in book.room]
        self._roomy = [np.minimum(room, book.stake_cap) for room in book.room]

    def caps(self, grade: int, mandates: Ints, owners: Ints) -> Ints:
        """The most that each mandate may put into one request of `grade`, in units."""
        caps = self._roomy[grade][mandates]
        np.minimum(caps, self.cash[owners], out=caps)
        if self._book.budgeted:
            np.minimum(caps, self.budget[mandates], out=caps)
        return caps

    def take(self, grade: int, mandates: Ints, owners: Ints, units: Ints) -> None:
        """Book stakes of one request; each lender stands here once."""
        self.cash[owners] -= units
        self.budget[mandates] -= units
        self.room[grade][mandates] -= units
        room = np.minimum(self.room[grade][mandates], self._book.stake_cap[mandates])
        self._roomy[grade][mandates] = room


class Standing:
    """Money that lenders already have with a borrower, or in a request that is still open."""

    def __init__(self, book: Book) -> None:
        """Sort the pairs of the market by borrower and by request."""
        self._book = book
        requests = book.market.requests
        self._borrower = requests.borrower_ids.tolist()
        self._lent = _Column(book, book.market.exposures, requests.borrower_ids)
        self._offered = _Column(book, book.market.offers, requests.ids)
        borrowers, count = np.unique(requests.borrower_ids, return_counts=True)
        self._placed: dict[int, list[tuple[Ints, Ints]]] = {
            borrower: [] for borrower in borrowers[count > 1].tolist()
        }

    def note(self, request: int, owners: Ints, cents: Ints) -> None:
        """Remember stakes of this round where the borrower has another request in it."""
        placed = self._placed.get(self._borrower[request])
        if placed is not None:
            placed.append((owners, cents))

    def concerns(self, request: int) -> bool:
        """Whether anybody has money with this borrower or in this request."""
        return bool(
            self._lent.holds(request)
            or self._offered.holds(request)
            or self._placed.get(self._borrower[request])
        )

    def lower(self, request: int, mandates: Ints, owners: Ints, caps: Ints) -> None:
        """Lower `caps` (units) of those who already have money with this borrower or request."""
        book = self._book
        for limit, held in (
            (book.per_borrower_cents, self._with_borrower(request)),
            (book.per_loan_cents, self._in_request(request)),
        ):
            at, cents = _summed(owners, held)
            if len(at):
                left = (limit[mandates[at]] - cents) // UNIT_CENTS
                caps[at] = np.minimum(caps[at], left)

    def held(self, request: int, owners: Ints) -> tuple[Ints, Ints]:
        """Cents that each of `owners` has with the borrower, and in the request itself."""
        lent, offered = np.zeros((2, len(owners)), np.int64)
        for total, held in (
            (lent, self._with_borrower(request)),
            (offered, self._in_request(request)),
        ):
            at, cents = _summed(owners, held)
            total[at] = cents
        return lent, offered

    def _with_borrower(self, request: int) -> Iterator[tuple[Ints, Ints]]:
        yield self._lent.of(request)
        yield from self._placed.get(self._borrower[request], ())

    def _in_request(self, request: int) -> Iterator[tuple[Ints, Ints]]:
        yield self._offered.of(request)


class _Column:
    """Pairs of a lender and something else, found by the request that has to do with it."""

    def __init__(self, book: Book, pairs: Pairs, other_of_request: Ints) -> None:
        order = np.argsort(pairs.other_ids, kind="stable")
        keys = pairs.other_ids[order]
        self._owners = book.rank[places(book.market.lenders.ids, pairs.lender_ids[order])[0]]
        self._cents = pairs.cents[order]
        self._starts = np.searchsorted(keys, other_of_request).tolist()
        self._ends = np.searchsorted(keys, other_of_request, side="right").tolist()

    def holds(self, request: int) -> bool:
        return bool(self._starts[request] < self._ends[request])

    def of(self, request: int) -> tuple[Ints, Ints]:
        where = slice(self._starts[request], self._ends[request])
        return self._owners[where], self._cents[where]


def _summed(owners: Ints, held: Iterator[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """Places in `owners` (ascending) of those who hold something, once each, and how much."""
    parts = []
    for holders, cents in held:
        if len(holders):
            at, found = places(owners, holders)
            parts.append((at[found], cents[found]))
    if not parts:
        return _NOBODY
    if len(parts) == 1:
        return parts[0]
    at, cents = (np.concatenate(column) for column in zip(*parts, strict=True))
    places_held, number = np.unique(at, return_inverse=True)
    total = np.zeros(len(places_held), np.int64)
    np.add.at(total, number, cents)
    return places_held, total


def binding_reasons(
    book: Book, purse: Purse, standing: Standing, request: int, target: int, mandates: Ints
) -> Ints:
    """What limits each of `mandates` in `request`; of equal limits the first of `Reason`.

    The purse is as it was before the request was poured.
    """
    if not len(mandates):
        return mandates
    owners, grade = book.owner[mandates], int(book.market.requests.grade[request])
    lent, offered = standing.held(request, owners)
    limits = (
        (book.per_loan_cents[mandates] - offered) // UNIT_CENTS,
        (book.per_borrower_cents[mandates] - lent) // UNIT_CENTS,
        purse.room[grade][mandates],
        purse.budget[mandates],
        purse.cash[owners],
    )
    reasons = np.full(len(mandates), int(Reason.AMOUNT))
    least = np.full(len(mandates), target)
    for reason, limit in enumerate(limits, int(Reason.LOAN_CAP)):
        reasons[limit < least] = reason
        least = np.minimum(least, limit)
    return reasons
