"""Small hostile markets: few words, many ties, tight limits, so that every rule has to bite."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from numpy.random import Generator, default_rng

from matching.engine.problem import (
    ANY_NET_RATE,
    GRADES,
    NO_LIMIT,
    PURE_PRICE,
    UNIT_CENTS,
    Lenders,
    Mandates,
    Market,
    Pairs,
    Requests,
    market,
)

TERMS = (12, 24, 36)
PURPOSES = ("car", "house")
TRAITS = ("late", "region:1", "region:2")


def small_market(seed: int) -> Market:
    """A market of up to 30 lenders and 16 requests, the same for the same seed."""
    rng = default_rng(seed)
    lenders = _lenders(rng)
    requests = _requests(rng)
    mandates = _mandates(rng, lenders)
    mandates.terms[0] = mandates.purposes[0] = True  # every word is somebody's
    return market(
        terms=TERMS,
        purposes=PURPOSES,
        lenders=lenders,
        mandates=mandates,
        requests=requests,
        exposures=_pairs(rng, lenders, requests.borrower_ids),
        offers=_pairs(rng, lenders, requests.ids),
        traits=TRAITS,
    )


def plain_market(
    *,
    cash: list[int],
    amounts: list[int],
    owed: list[int] | None = None,
    idle: list[int] | None = None,
    **mandate: int,
) -> Market:
    """Lenders 1, 2, ... with one mandate each that takes everything; amounts in cents."""
    count, asked = len(cash), len(amounts)
    ones = np.ones(count, np.int64)
    sizes = {
        "min_stake_cents": UNIT_CENTS,
        "preferred_stake_cents": 0,
        "max_per_loan_cents": NO_LIMIT,
        "max_per_borrower_cents": NO_LIMIT,
        "budget_cents": NO_LIMIT,
    } | mandate
    wanted = np.ones(asked, np.int64)
    return market(
        terms=[36],
        purposes=["car"],
        lenders=Lenders(
            ids=np.arange(1, count + 1),
            cash_cents=np.array(cash, np.int64),
            idle_days=np.array(idle or [0] * count, np.int64),
            portfolio_cents=0 * ones,
            owed_cents=np.array(owed or [0] * count, np.int64),
        ),
        mandates=Mandates(
            ids=np.arange(1, count + 1) * 10,
            lender_ids=np.arange(1, count + 1),
            priority=ones,
            grades=np.ones((count, len(GRADES)), np.bool_),
            terms=np.ones((count, 1), np.bool_),
            purposes=np.ones((count, 1), np.bool_),
            min_rate=0 * ones,
            max_rate=100_000 * ones,
            max_mark=5 * ones,
            room_cents=np.full((count, len(GRADES)), NO_LIMIT),
            min_net_rate=np.full(count, ANY_NET_RATE),
            refused=np.zeros((count, 0), np.bool_),
            **{name: size * ones for name, size in sizes.items()},
        ),
        requests=Requests(
            ids=np.arange(1, asked + 1) * 100,
            borrower_ids=np.arange(1, asked + 1),
            amount_cents=np.array(amounts, np.int64),
            robot_room_cents=np.array(amounts, np.int64),
            grade=0 * wanted,
            term_months=36 * wanted,
            purpose=0 * wanted,
            mark=wanted,
            rate=5_000 * wanted,
            deadline_day=7 * wanted,
            least_cents=np.array(amounts, np.int64),
            floor_rate=5_000 * wanted,
            coverage=PURE_PRICE * wanted,
            loss_rate=0 * wanted,
            traits=np.zeros((asked, 0), np.bool_),
        ),
    )


def shuffled(given: Market, rng: Generator) -> Market:
    """The same market, handed over with its rows in another order."""
    tables = {}
    for name in ("lenders", "mandates", "requests", "exposures", "offers"):
        table = getattr(given, name)
        columns = {field.name: getattr(table, field.name) for field in fields(table)}
        order = rng.permutation(len(next(iter(columns.values()))))
        tables[name] = type(table)(**{key: column[order] for key, column in columns.items()})
    words = {name: getattr(given, name) for name in ("terms", "purposes", "traits")}
    return market(**words, **tables)


def with_owed(given: Market, owed_cents: np.ndarray) -> Market:
    """The market of the next round, were nothing to change but the carry."""
    return replace(given, lenders=replace(given.lenders, owed_cents=owed_cents))


def _units(rng: Generator, low: int, high: int, count: int | tuple[int, int]) -> np.ndarray:
    return rng.integers(low, high + 1, count) * UNIT_CENTS


def _lenders(rng: Generator) -> Lenders:
    count = int(rng.integers(1, 31))
    cash = _units(rng, 0, int(rng.choice((4, 20, 200))), count)
    cash += rng.integers(0, UNIT_CENTS, count) * rng.integers(0, 2)
    owed = rng.integers(-1, 2, count) * rng.integers(0, 2 * UNIT_CENTS, count) * rng.integers(0, 2)
    return Lenders(
        ids=rng.choice(10_000, count, replace=False) + 1,
        cash_cents=cash,
        idle_days=rng.integers(0, int(rng.choice((1, 30))), count),
        portfolio_cents=rng.integers(0, 10**7, count),
        owed_cents=np.clip(owed, -cash, cash),
    )


def _mandates(rng: Generator, lenders: Lenders) -> Mandates:
    twice = rng.random(len(lenders.ids)) < rng.choice((0.0, 0.4))
    owner = np.concatenate((lenders.ids, lenders.ids[twice]))
    count = len(owner)
    open_ = rng.choice((0.3, 0.8, 1.0))
    minimum = _units(rng, 1, int(rng.choice((1, 1, 6))), count)
    minimum -= rng.integers(0, 2, count) * rng.integers(0, UNIT_CENTS, count)
    wide = rng.random((count, len(GRADES))) < 0.7
    low = rng.integers(0, 8_000, count)
    return Mandates(
        ids=rng.choice(10_000, count, replace=False) + 1,
        lender_ids=owner,
        priority=rng.integers(0, 3, count),
        grades=_some(rng, open_, count, len(GRADES)),
        terms=_some(rng, open_, count, len(TERMS)),
        purposes=_some(rng, open_, count, len(PURPOSES)),
        min_rate=low * (rng.random(count) > open_),
        max_rate=np.where(rng.random(count) > open_, low + 4_000, 100_000),
        max_mark=np.where(rng.random(count) > open_, rng.integers(1, 6, count), 5),
        min_stake_cents=minimum,
        preferred_stake_cents=_units(rng, 0, 8, count) * rng.integers(0, 2),
        max_per_loan_cents=np.maximum(_units(rng, 1, int(rng.choice((6, 60))), count), minimum),
        max_per_borrower_cents=np.maximum(_units(rng, 2, 80, count), minimum),
        budget_cents=np.where(rng.random(count) < 0.3, _units(rng, 0, 40, count), NO_LIMIT),
        room_cents=np.where(wide, NO_LIMIT, _units(rng, 0, 30, (count, len(GRADES)))),
        min_net_rate=np.where(
            rng.random(count) > open_, rng.integers(-500, 6_000, count), ANY_NET_RATE
        ),
        refused=rng.random((count, len(TRAITS))) < (1 - open_) / 2,
    )


def _some(rng: Generator, open_: float, count: int, words: int) -> np.ndarray:
    flags = rng.random((count, words)) < open_
    flags[:, 0] |= ~flags.any(axis=1)
    return flags


def _requests(rng: Generator) -> Requests:
    count = int(rng.integers(1, 17))
    amount = _units(rng, 1, int(rng.choice((6, 40, 120))), count)
    part = np.where(rng.random(count) < 0.3, rng.integers(0, 10**5, count), amount)
    rate = rng.choice((3_000, 5_005, 9_000), count)
    kind = rng.choice(("fixed", "part", "auction"), count, p=rng.choice(_KINDS))
    least = amount * rng.integers(1, 101, count) // 100
    below = rng.choice((1, 50, 120, 2_000), count)
    return Requests(
        ids=rng.choice(1_000, count, replace=False) + 1,
        borrower_ids=rng.integers(1, count + 3, count),
        amount_cents=amount,
        robot_room_cents=part,
        grade=rng.integers(0, int(rng.choice((2, len(GRADES)))), count),
        term_months=rng.choice(TERMS, count),
        purpose=rng.integers(0, len(PURPOSES), count),
        mark=rng.integers(1, 6, count),
        rate=rate,
        deadline_day=rng.integers(-1, 15, count),
        least_cents=np.where(kind == "part", least, amount),
        floor_rate=np.where(kind == "auction", rate - below, rate),
        coverage=rng.choice((PURE_PRICE, PURE_PRICE, 2 * PURE_PRICE), count),
        loss_rate=rng.choice((0, 700), count),
        traits=rng.random((count, len(TRAITS))) < rng.choice((0.0, 0.3)),
    )


_KINDS = np.array([(1.0, 0.0, 0.0), (0.4, 0.3, 0.3), (0.0, 0.0, 1.0)])


def _pairs(rng: Generator, lenders: Lenders, others: np.ndarray) -> Pairs:
    count = int(rng.choice((0, len(lenders.ids))))
    return Pairs(
        rng.choice(lenders.ids, count), rng.choice(others, count), _units(rng, 1, 20, count)
    )
