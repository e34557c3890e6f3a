"""Markets of any size from a seed, shaped like a marketplace for loans between people.

One lender in ten has a second mandate; seven in ten take a ready-made mandate, the rest filter for
themselves, so that about a third of all pairs may come together. Cash is lognormal with a median
of 400 euros, then scaled to the wanted ratio of cash to demand; requests ask for 1,000 to 50,000
euros, 8,500 on average.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from matching.engine.problem import (
    ANY_NET_RATE,
    GRADES,
    NO_LIMIT,
    PURE_PRICE,
    UNIT_CENTS,
    Ints,
    Lenders,
    Mandates,
    Market,
    Pairs,
    Requests,
    market,
)

TERMS = tuple(range(12, 85, 12))
PURPOSES = tuple(f"purpose_{number:02}" for number in range(10))
GRADE_SHARES = (0.10, 0.16, 0.20, 0.18, 0.14, 0.10, 0.07, 0.05)
Flags = NDArray[np.bool_]


def generated(lenders: int, requests: int, *, cash_per_demand: float, seed: int) -> Market:
    """A market with so many lenders and requests, the same for the same arguments."""
    rng = default_rng([seed, lenders, requests])
    asked = _requests(rng, requests)
    demand = int(asked.amount_cents.sum())
    people = _lenders(rng, lenders, round(demand * cash_per_demand))
    orders = _mandates(rng, people)
    return market(
        terms=TERMS,
        purposes=PURPOSES,
        lenders=people,
        mandates=orders,
        requests=asked,
        exposures=_exposures(rng, people, asked),
    )


def next_requests(requests: int, *, seed: int, round_: int) -> Requests:
    """What is asked for in a later round: as many requests, new borrowers, other wishes."""
    return _requests(default_rng([seed, requests, round_]), requests)


def _requests(rng: Generator, count: int) -> Requests:
    euros = np.clip(rng.lognormal(8.75, 0.75, count), 1_000, 50_000)
    amount = (euros * 100 // UNIT_CENTS).astype(np.int64) * UNIT_CENTS
    grade = rng.choice(len(GRADES), count, p=GRADE_SHARES)
    term = rng.choice(TERMS, count)
    return Requests(
        ids=np.arange(1, count + 1) * 7,
        borrower_ids=np.arange(1, count + 1) * 11,
        amount_cents=amount,
        robot_room_cents=amount,
        grade=grade,
        term_months=term,
        purpose=rng.integers(0, len(PURPOSES), count),
        mark=np.ones(count, np.int64),
        rate=3_000 + 1_250 * grade + 10 * term,
        deadline_day=rng.integers(1, 15, count),
        least_cents=amount,
        floor_rate=3_000 + 1_250 * grade + 10 * term,
        coverage=np.full(count, PURE_PRICE),
        loss_rate=np.zeros(count, np.int64),
        traits=np.zeros((count, 0), np.bool_),
    )


def _lenders(rng: Generator, count: int, total_cents: int) -> Lenders:
    cash = rng.lognormal(np.log(40_000), 1.2, count)
    cash = (cash * (total_cents / cash.sum())).astype(np.int64)
    return Lenders(
        ids=rng.permutation(count).astype(np.int64) + 1_000,
        cash_cents=cash,
        idle_days=rng.integers(0, 30, count),
        portfolio_cents=(cash * rng.uniform(1, 30, count)).astype(np.int64),
        owed_cents=np.zeros(count, np.int64),
    )


def _mandates(rng: Generator, people: Lenders) -> Mandates:
    second = rng.choice(len(people.ids), len(people.ids) // 10, replace=False)
    owner = np.concatenate((np.arange(len(people.ids)), second))
    count = len(owner)
    custom = rng.random(count) < 0.5
    cash, portfolio = people.cash_cents[owner], people.portfolio_cents[owner]
    per_loan = np.maximum((cash + portfolio) // rng.choice((20, 50, 100), count), UNIT_CENTS)
    room = np.maximum((cash + portfolio) // 5, UNIT_CENTS)[:, None] * rng.choice(
        (1, 2, NO_LIMIT), (count, len(GRADES)), p=(0.2, 0.2, 0.6)
    )
    return Mandates(
        ids=rng.permutation(count).astype(np.int64) + 1,
        lender_ids=people.ids[owner],
        priority=np.where(np.arange(count) < len(people.ids), 1, 2),
        grades=_grades(rng, count),
        terms=_chosen(rng, custom, len(TERMS), 0.5),
        purposes=_chosen(rng, custom, len(PURPOSES), 0.5),
        min_rate=np.where(custom, rng.integers(0, 5_000, count), 0),
        max_rate=np.where(custom, rng.integers(9_000, 15_000, count), 100_000),
        max_mark=np.full(count, 5),
        min_stake_cents=np.full(count, UNIT_CENTS),
        preferred_stake_cents=np.zeros(count, np.int64),
        max_per_loan_cents=per_loan,
        max_per_borrower_cents=per_loan * 2,
        budget_cents=np.full(count, NO_LIMIT),
        room_cents=np.minimum(room, NO_LIMIT),
        min_net_rate=np.full(count, ANY_NET_RATE),
        refused=np.zeros((count, 0), np.bool_),
    )


def _grades(rng: Generator, count: int) -> Flags:
    """A band of grades: careful, balanced, bold or all."""
    bands = np.array([(0, 2), (1, 4), (3, 7), (0, 7)])[
        rng.choice(4, count, p=(0.4, 0.25, 0.3, 0.05))
    ]
    places = np.arange(len(GRADES))
    flags: Flags = (places >= bands[:, :1]) & (places <= bands[:, 1:])
    return flags


def _chosen(rng: Generator, custom: Flags, words: int, share: float) -> Flags:
    """Everything, or for own filters each word with a chance; at least the first."""
    flags = ~custom[:, None] | (rng.random((len(custom), words)) < share)
    flags[:, 0] |= ~flags.any(axis=1)
    return flags


def _exposures(rng: Generator, people: Lenders, asked: Requests) -> Pairs:
    count = len(asked.ids) * 5
    lenders: Ints = people.ids[rng.integers(0, len(people.ids), count)]
    borrowers: Ints = asked.borrower_ids[rng.integers(0, len(asked.ids), count)]
    return Pairs(lenders, borrowers, rng.integers(1, 5, count) * UNIT_CENTS)
