"""Who may lend to whom: requests that look alike form a bucket and share one list of mandates.

A bucket holds the requests with equal urgency, grade, term, purpose, affordability mark, rate (an
auction: lowest and highest rate, and coverage), expected loss and traits.
Its list comes from nested filters (grade and term, then mark and rate, then purpose), each working
only on what the one before left over: posted rates follow from grade and term, purposes do not.
A lender takes part through its first mandate that accepts the bucket (an auction: at any of its
rates) and could place a smallest stake in it when the round opens; priority decides.
Traits divide buckets only where somebody who takes part anywhere refuses them: whoever fits nowhere
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from matching.engine.book import Book, least_rate
from matching.engine.problem import Bools, Ints, Market
from matching.engine.rules import Rules

KEPT_PAIRS: Final = 4_000_000
"""Lists are kept for the second pass up to this many entries in all, else they are made again."""


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """The requests in groups, in canonical order of their keys.

    Attributes:
        urgent: 0 for requests whose deadline comes before the next round, else 1.
        trait_set: the number of the set of traits, a row of `trait_sets`.
        units: what may be placed in the requests of each bucket together.
        request_starts: slice of `requests` per bucket; one more entry than buckets.
        requests: positions in the market's requests, by bucket, deadline, size and id.
        targets: what may be placed in each of `requests`, in units.
    """

    urgent: Ints
    grade: Ints
    term: Ints
    purpose: Ints
    mark: Ints
    rate: Ints
    floor_rate: Ints
    coverage: Ints
    loss_rate: Ints
    trait_set: Ints
    units: Ints
    request_starts: Ints
    requests: Ints
    targets: Ints
    trait_sets: Bools

    def __len__(self) -> int:
        """The number of buckets."""
        return len(self.grade)

    def targets_of(self, bucket: int) -> Ints:
        """The targets of one bucket's requests, in their order."""
        return self.targets[self.request_starts[bucket] : self.request_starts[bucket + 1]]

    def requests_of(self, bucket: int) -> Ints:
        """The positions of one bucket's requests, in the order in which they are poured."""
        return self.requests[self.request_starts[bucket] : self.request_starts[bucket + 1]]


_KEYS: Final = (
    "urgent",
    "grade",
    "term",
    "purpose",
    "mark",
    "rate",
    "floor_rate",
    "coverage",
    "loss_rate",
    "trait_set",
)

_KEYS_OF_RATE: Final = ("grade", "term", "mark", "rate", "floor_rate", "loss_rate", "trait_set")


def grouped(book: Book, rules: Rules) -> tuple[Buckets, Eligibility]:
    """The buckets of a round and who takes part in them, by its rules.

    Which mandate takes a request follows from that request alone. So buckets that differ only in
    traits which nobody who takes part refuses have equal lists, and are made one; mandates that
    take part nowhere must then stay out, as they may refuse what is no longer told apart.
    """
    buckets = buckets_of(book.market)
    eligible = Eligibility(book, buckets)
    unheeded = buckets.trait_sets.any(axis=0)
    if rules.heeds_outsiders or not unheeded.any():
        return buckets, eligible
    taking = np.zeros(len(book.owner), np.bool_)
    for _bucket, found in eligible:
        taking[found] = True
        unheeded &= ~book.refused[found].any(axis=0)
        if not unheeded.any():
            return buckets, eligible
    merged = buckets_of(book.market, np.logical_not(unheeded))
    return merged, Eligibility(book, merged, taking)


def buckets_of(market: Market, heeded: Bools | None = None) -> Buckets:
    """Group the requests; those in which nothing may be placed stay in, with a target of 0.

    Args:
        heeded: a flag per trait: whether it divides buckets where somebody refuses it.
    """
    requests, divides = market.requests, market.mandates.refused.any(axis=0)
    if heeded is not None:
        divides &= heeded
    targets = requests.target_units()
    urgent = (requests.deadline_day > 0).astype(np.int64)
    term = np.searchsorted(np.array(market.terms, np.int64), requests.term_months)
    trait_sets, trait_set = _trait_sets(requests.traits & divides)
    keys = (
        urgent,
        requests.grade,
        term,
        requests.purpose,
        requests.mark,
        requests.rate,
        requests.floor_rate,
        requests.coverage,
        requests.loss_rate,
        trait_set,
    )
    inner = (requests.ids, targets, requests.deadline_day)
    order = np.lexsort(inner + keys[::-1])
    sorted_keys = [key[order] for key in keys]
    starts = np.ones(len(order), np.bool_)
    starts[1:] = np.any([np.diff(key) != 0 for key in sorted_keys], axis=0)
    first = np.flatnonzero(starts)
    units = np.add.reduceat(targets[order], first) if len(first) else targets[:0]
    return Buckets(
        **{name: key[first] for name, key in zip(_KEYS, sorted_keys, strict=True)},
        units=units,
        request_starts=np.append(first, len(order)),
        requests=order,
        targets=targets[order],
        trait_sets=trait_sets,
    )


def _trait_sets(traits: Bools) -> tuple[Bools, Ints]:
    """The different rows, in ascending order, and the number of each request's row.

    Traits that are not to divide buckets are left out before.
    """
    if len(traits) == 1 or not traits.any():
        return traits[:1], np.zeros(len(traits), np.int64)
    rows, number = np.unique(traits, axis=0, return_inverse=True)
    return rows, number.reshape(-1).astype(np.int64)


class Eligibility:
    """The list of mandates of each bucket, made on demand.

    A list holds positions of mandates in the book, ascending, at most one per lender.
    """

    def __init__(self, book: Book, buckets: Buckets, mandates: Bools | None = None) -> None:
        """Restrict the lists to some mandates (a flag per mandate)."""
        self._book = book
        self._buckets = buckets
        self._mandates = mandates
        self._groups: dict[tuple[int, ...], Ints] = {}
        self._lists: dict[int, Ints] = {}
        self._last_rate: tuple[tuple[int, ...], Ints] | None = None
        self._kept = 0

    def among(self, lenders: Bools) -> Eligibility:
        """The same lists with no lenders but these (a flag per lender): a sample is cheaper."""
        some = lenders[self._book.owner]
        if self._mandates is not None:
            some &= self._mandates
        return Eligibility(self._book, self._buckets, some)

    def of(self, bucket: int) -> Ints:
        """The mandates through which lenders take part in `bucket`."""
        kept = self._lists.get(bucket)
        if kept is not None:
            return kept
        made = self._made(bucket)
        if self._kept + len(made) <= KEPT_PAIRS:
            self._kept += len(made)
            self._lists[bucket] = made
        return made

    def __iter__(self) -> Iterator[tuple[int, Ints]]:
        """Every bucket with its list, in canonical order."""
        for bucket in range(len(self._buckets)):
            yield bucket, self.of(bucket)

    @cached_property
    def pairs(self) -> int:
        """How many pairs of lender and request may come together."""
        counts = np.diff(self._buckets.request_starts)
        return sum(int(counts[bucket]) * len(list_) for bucket, list_ in self)

    def _made(self, bucket: int) -> Ints:
        book, buckets = self._book, self._buckets
        wide = self._at_rate(bucket)
        found: Ints = wide[book.purposes[wide, buckets.purpose[bucket]]]
        if not book.shares or not len(found):
            return found
        owners = book.owner[found]
        is_first = np.ones(len(found), np.bool_)
        np.not_equal(owners[1:], owners[:-1], out=is_first[1:])
        firsts: Ints = found[is_first]
        return firsts

    def _at_rate(self, bucket: int) -> Ints:
        """Kept while buckets that differ in nothing but purpose follow each other."""
        book, buckets = self._book, self._buckets
        key = tuple(int(getattr(buckets, name)[bucket]) for name in _KEYS_OF_RATE)
        if self._last_rate is not None and self._last_rate[0] == key:
            return self._last_rate[1]
        grade, term, mark, rate, floor_rate, loss_rate, trait_set = key
        wide = self._with_term(grade, term)
        fits = (least_rate(book, wide, loss_rate) <= rate) & (book.max_rate[wide] >= floor_rate)
        fits &= book.max_mark[wide] >= mark
        for trait in buckets.trait_sets[trait_set : trait_set + 1].nonzero()[1].tolist():
            fits &= ~book.refused[wide, trait]
        found: Ints = wide[fits]
        self._last_rate = key, found
        return found

    def _with_term(self, grade: int, term: int) -> Ints:
        known = self._groups.get((grade, term))
        if known is None:
            accepted = self._book.usable[grade] & self._book.terms[:, term]
            if self._mandates is not None:
                accepted &= self._mandates
            known = self._groups[grade, term] = np.flatnonzero(accepted)
        return known
