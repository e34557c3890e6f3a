"""The market as a network of money: what could flow if requests were divisible.

Source - lender (cash) - mandate (budget) - mandate in a grade (room) - request (stake cap) - sink.
Smallest stakes and all-or-nothing are left out, so that no round can place more than flows here.
Capacities are whole units of the market.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching.engine.book import Book, open_book
from matching.engine.eligibility import Buckets, Eligibility, buckets_of
from matching.engine.problem import GRADES, Ints, Market

SOURCE: Final = 0
SINK: Final = 1
_LARGEST: Final = 2**30
Arcs = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Network:
    """Arcs as three columns.

    Attributes:
        start, end, most: 32 bits each, as the solvers take them.
        nodes: how many there are.
        person: the node of each lender, in the order of the market; its first arc comes from
            the source, at the same position among the arcs.
    """

    start: np.ndarray
    end: np.ndarray
    most: np.ndarray
    nodes: int
    person: Ints


def network(given: Market, *, grouped: bool = False) -> Network:
    """The network of a market.

    Args:
        grouped: one node for all requests that look alike. Much smaller, never a lower bound, but
            it no longer tells who lends to whom.
    """
    book, buckets = open_book(given, 0), buckets_of(given)
    lenders, mandates = len(book.cash), len(book.owner)
    cell = 2 + lenders + mandates
    loan = cell + mandates * len(GRADES)
    groups = len(buckets) if grouped else len(buckets.requests)
    people = 2 + book.rank
    pieces = [
        _arcs(np.array(SOURCE), people, book.cash[book.rank]),
        *_within(book, cell),
        *(_grouped if grouped else _single)(book, buckets, cell, loan),
        _into_sink(buckets, loan, grouped=grouped),
    ]
    start, end, most = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return Network(start, end, most, loan + groups, people)


def _within(book: Book, cell: int) -> Iterator[Arcs]:
    """From lenders to their mandates, and on to the mandates' grades."""
    at = np.arange(len(book.owner))
    order = 2 + len(book.cash)
    yield _arcs(2 + book.owner, order + at, book.budget)
    for grade, room in enumerate(book.room):
        yield _arcs(order + at, cell + at * len(GRADES) + grade, room)


def _single(book: Book, buckets: Buckets, cell: int, loan: int) -> Iterator[Arcs]:
    """An arc for each pair of mandate and request."""
    for bucket, found in Eligibility(book, buckets):
        start = cell + found * len(GRADES) + int(buckets.grade[bucket])
        asked = zip(buckets.requests_of(bucket), buckets.targets_of(bucket), strict=True)
        for request, target in asked:
            yield _arcs(start, np.array(loan + request), np.minimum(book.stake_cap[found], target))


def _grouped(book: Book, buckets: Buckets, cell: int, loan: int) -> Iterator[Arcs]:
    """An arc for each pair of mandate and bucket, as wide as those to its requests together."""
    for bucket, found in Eligibility(book, buckets):
        start = cell + found * len(GRADES) + int(buckets.grade[bucket])
        most = np.zeros(len(found), np.int64)
        for target in buckets.targets_of(bucket).tolist():
            most += np.minimum(book.stake_cap[found], target)
        yield _arcs(start, np.array(loan + bucket), most)


def _into_sink(buckets: Buckets, loan: int, *, grouped: bool) -> Arcs:
    if grouped:
        return _arcs(loan + np.arange(len(buckets)), np.array(SINK), buckets.units)
    return _arcs(loan + buckets.requests, np.array(SINK), buckets.targets)


def _arcs(start: np.ndarray, end: np.ndarray, most: np.ndarray) -> Arcs:
    start, end, most = np.broadcast_arrays(start, end, np.minimum(most, _LARGEST))
    return start.astype(np.int32), end.astype(np.int32), most.astype(np.int32)
