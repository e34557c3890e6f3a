"""The most money that could be placed were requests divisible: a largest flow, in units.

Source - lender (cash) - mandate (budget) - mandate in a grade (room) - request (stake cap) - sink.
Smallest stakes and all-or-nothing are left out, so that no round can exceed it.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

from matching.engine.book import open_book
from matching.engine.eligibility import Eligibility, buckets_of
from matching.engine.problem import GRADES, UNIT_CENTS, Market


def most_money(given: Market) -> int:
    """An upper bound of what a round may place, in cents."""
    book, buckets = open_book(given, 0), buckets_of(given)
    lenders, mandates, requests = len(book.cash), len(book.owner), len(given.requests.ids)
    person, order = 2, 2 + lenders
    cell = order + mandates
    loan = cell + mandates * len(GRADES)
    edges: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(start: np.ndarray, end: np.ndarray, most: np.ndarray) -> None:
        edges.append((start + 0 * end, end + 0 * start, most + 0 * (start + end)))

    add(np.array(0), person + np.arange(lenders), book.cash)
    add(person + book.owner, order + np.arange(mandates), book.budget)
    for grade, room in enumerate(book.room):
        at = np.arange(mandates)
        add(order + at, cell + at * len(GRADES) + grade, room)
    for bucket, found in Eligibility(book, buckets):
        grade = int(buckets.grade[bucket])
        asked = zip(buckets.requests_of(bucket), buckets.targets_of(bucket), strict=True)
        for request, target in asked:
            most = np.minimum(book.stake_cap[found], target)
            add(cell + found * len(GRADES) + grade, np.array(loan + request), most)
    add(loan + buckets.requests, np.array(1), buckets.targets)
    start, end, most = (np.concatenate(column) for column in zip(*edges, strict=True))
    size = loan + requests
    graph = coo_array((np.minimum(most, 2**30).astype(np.int32), (start, end)), (size, size))
    return int(maximum_flow(graph.tocsr(), 0, 1).flow_value) * UNIT_CENTS
