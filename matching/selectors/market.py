"""The market of this moment, as arrays for the engine."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from lending.choices import PriceRule
from lending.domain.grades import GRADE_BANDS
from lending.domain.pricing import LOSS_GIVEN_DEFAULT
from matching.choices import RATE_SCALE, SPREAD_COVERAGE
from matching.engine.problem import (
    ANY_NET_RATE,
    GRADES,
    NO_LIMIT,
    PURE_PRICE,
    UNIT_CENTS,
    Bools,
    Ints,
    Lenders,
    Mandates,
    Market,
    Pairs,
    Requests,
    market,
)
from matching.selectors import market_sql as sql
from matching.selectors.traits import (
    Facts,
    Wishes,
    flags_of_mandates,
    flags_of_requests,
    vocabulary,
    words_of,
)

Rows = list[tuple[Any, ...]]


def market_now(*, on: date, at: datetime, mandate_ids: Collection[int] | None = None) -> Market:
    """Everything that a round may know, read in one REPEATABLE READ transaction.

    Inside a transaction of the caller that one's isolation holds. With `mandate_ids` the market
    has these mandates only.
    """
    chosen = None if mandate_ids is None else sorted(mandate_ids)
    given = {"on": on, "zone": settings.MARKET_TIME_ZONE, "mandate_ids": chosen}
    with _one_moment():
        lenders = _rows(sql.LENDERS, given)
        mandates = _rows(sql.MANDATES, given)
        spent = _rows(sql.SPENT, given)
        requests = _rows(sql.REQUESTS, given)
        borrower_ids = [row[1] for row in requests]
        exposures = _rows(sql.EXPOSURES, {"borrower_ids": borrower_ids})
        offers = _rows(sql.OFFERS, {"request_ids": [row[0] for row in requests]})
    known = {row[0] for row in lenders}
    mandates = [row for row in mandates if row[1] in known]
    terms = sorted({row[7] for row in requests}.union(*(row[4] for row in mandates)))
    purposes = sorted({row[8] for row in requests}.union(*(row[5] for row in mandates)))
    told = [_traits(row, on) for row in requests]
    traits = vocabulary(told)
    return market(
        terms=terms,
        purposes=purposes,
        lenders=Lenders(*_columns(lenders, 5)),
        traits=traits,
        mandates=_mandates(mandates, spent, terms, purposes, traits),
        requests=_requests(requests, purposes, at, flags_of_requests(told, traits)),
        exposures=Pairs(*_columns([row for row in exposures if row[0] in known], 3)),
        offers=Pairs(*_columns([row for row in offers if row[0] in known], 3)),
    )


@contextmanager
def _one_moment() -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _rows(query: str, given: dict[str, Any]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        rows: Rows = cursor.fetchall()
        return rows


def _columns(rows: Rows, count: int) -> list[Ints]:
    if not rows:
        return [np.zeros(0, np.int64)] * count
    return [np.array(column, np.int64) for column in zip(*rows, strict=True)]


def _mandates(
    rows: Rows,
    spent: Rows,
    terms: Sequence[int],
    purposes: Sequence[str],
    traits: Sequence[str],
) -> Mandates:
    ever: dict[int, int] = {}
    lent: dict[tuple[int, str], int] = {}
    for mandate_id, grade, placed_cents, lent_cents in spent:
        ever[mandate_id] = ever.get(mandate_id, 0) + placed_cents
        lent[mandate_id, grade] = lent_cents
    ids, owners, priority = _columns([row[:3] for row in rows], 3)
    low, high, mark, stake, per_loan, per_borrower = _columns([row[6:12] for row in rows], 6)
    budget = [_left(row[12], ever.get(row[0], 0)) for row in rows]
    limits = [(row[0], json.loads(row[13])) for row in rows]  # Django leaves jsonb as text
    room = [
        [_left(limit.get(grade), lent.get((mandate_id, grade), 0)) for grade in GRADES]
        for mandate_id, limit in limits
    ]
    return Mandates(
        ids=ids,
        lender_ids=owners,
        priority=priority,
        grades=_flags([row[3] for row in rows], GRADES),
        terms=_flags([row[4] for row in rows], terms),
        purposes=_flags([row[5] for row in rows], purposes),
        min_rate=low,
        max_rate=high,
        max_mark=mark,
        min_stake_cents=stake,
        preferred_stake_cents=np.array([row[14] for row in rows], np.int64),
        max_per_loan_cents=per_loan,
        max_per_borrower_cents=per_borrower,
        budget_cents=np.array(budget, np.int64),
        room_cents=np.array(room, np.int64).reshape(len(rows), len(GRADES)),
        min_net_rate=np.array([ANY_NET_RATE if row[15] is None else row[15] for row in rows]),
        refused=flags_of_mandates([Wishes(*row[16:]) for row in rows], traits),
    )


def _traits(row: tuple[Any, ...], on: date) -> list[str]:
    """The traits of one row of REQUESTS."""
    amount_cents, funded_cents, listed_on = row[3], row[15], row[16]
    return words_of(Facts(amount_cents, funded_cents, listed_on, *row[17:20]), on)


def _left(limit: int | None, used: int) -> int:
    return NO_LIMIT if limit is None else max(limit - used, 0)


def _flags(chosen: Sequence[Collection[Any]], words: Sequence[Any]) -> Bools:
    """A row per mandate; an empty choice takes every word."""
    flags = np.zeros((len(chosen), len(words)), np.bool_)
    place = {word: at for at, word in enumerate(words)}
    for row, some in enumerate(chosen):
        flags[row, [place[word] for word in some] if some else slice(None)] = True
    return flags


def _requests(rows: Rows, purposes: Sequence[str], at: datetime, traits: Bools) -> Requests:
    ids, borrowers, missing, amount, placed = _columns([row[:5] for row in rows], 5)
    share = np.array([mandates_share(at, listed_at=row[5]) for row in rows], np.int64)
    mark, rate, days = _columns([row[9:12] for row in rows], 3)
    least = [_least_cents(row[3], row[14], row[15]) for row in rows]
    is_auction = np.array([row[12] != PriceRule.FIXED for row in rows], np.bool_)
    floor_rate = np.array([row[13] for row in rows], np.int64)
    spread = np.array([row[12] == PriceRule.AUCTION_SPREAD for row in rows], np.bool_)
    place = {word: number for number, word in enumerate(purposes)}
    return Requests(
        ids=ids,
        borrower_ids=borrowers,
        amount_cents=missing,
        robot_room_cents=np.clip(amount * share // 100 - placed, 0, missing),
        grade=np.array([GRADES.index(row[6]) for row in rows], np.int64),
        term_months=np.array([row[7] for row in rows], np.int64),
        purpose=np.array([place[row[8]] for row in rows], np.int64),
        mark=mark,
        rate=rate,
        deadline_day=days,
        least_cents=np.minimum(np.array(least, np.int64), missing),
        floor_rate=np.where(is_auction, floor_rate, rate),
        coverage=np.where(spread, SPREAD_COVERAGE, PURE_PRICE),
        loss_rate=np.array([_LOSS[row[6]] for row in rows], np.int64),
        traits=traits,
    )


def _least_cents(amount_cents: int, least_percent: int, funded_cents: int) -> int:
    """What is missing to the part that is enough, from one unit; all where only the whole is."""
    if least_percent == 100:
        return amount_cents
    return max(-(-amount_cents * least_percent // 100) - funded_cents, UNIT_CENTS)


_LOSS: Final = {
    grade: int(band.typical_pd * LOSS_GIVEN_DEFAULT * RATE_SCALE)
    for grade, band in GRADE_BANDS.items()
}
"""What lenders lose of a grade in a year on average, as the price list takes it."""


def mandates_share(at: datetime, *, listed_at: datetime) -> int:
    """How many percent of a request mandates may hold at an instant, by its age."""
    most = 100 - settings.HAND_SLICE_PERCENT
    for hours, percent in settings.MANDATES_SHARE:
        if at - listed_at < timedelta(hours=hours):
            return int(min(percent, most))
    return int(most)
