"""The door of the engine: a market and a seed in, stakes and explanations out."""

from __future__ import annotations

from typing import Final

import numpy as np

from matching.engine.book import Book, open_book
from matching.engine.check import check
from matching.engine.eligibility import Buckets, Eligibility, grouped
from matching.engine.levels import LARGEST_ATTAINABLE
from matching.engine.plan import Plan, plan
from matching.engine.pour import Pour
from matching.engine.problem import UNIT_CENTS, Ints, Market
from matching.engine.result import Result
from matching.engine.rules import RULE_VERSION, rules_of
from matching.engine.stakes import Stakes

_SHARE_BITS: Final = 26


def solve(market: Market, seed: int, rules: str = RULE_VERSION) -> Result:
    """Decide a round: same market, same seed, same rules, same bytes.

    Reads no clock and no database and draws no number but from `seed` (not negative). The result
    has been through `check.check`; a breach raises `check.BrokenRound` and nothing is returned.
    Rules that are not known raise ValueError.
    """
    result = decide(market, seed, rules)
    stakes = result.stakes
    check(market, stakes.mandates, stakes.requests, stakes.amount_cents, result.rate)
    return result


def decide(
    market: Market, seed: int, rules: str = RULE_VERSION, *, is_explained: bool = True
) -> Result:
    """As `solve`, without the independent check: for trials that book nothing.

    Args:
        is_explained: whether the result says what limited each stake and held back each request
            left alone; without, both are left out. The stakes are the same.
    """
    book, known = open_book(market, seed), rules_of(rules)
    buckets, eligible = grouped(book, known)
    planned = plan(book, buckets, eligible, known)
    pour = Pour(book, buckets, planned, eligible, is_explained=is_explained)
    pour.run()
    return _result(book, buckets, eligible, planned, pour, pour.register.stakes(), seed)


def _result(
    book: Book,
    buckets: Buckets,
    eligible: Eligibility,
    planned: Plan,
    pour: Pour,
    stakes: Stakes,
    seed: int,
) -> Result:
    market = book.market
    placed = _placed_cents(market, stakes)
    attainable = np.empty_like(placed)
    attainable[book.lender_at] = planned.attainable_cents
    bucket_of = np.empty(len(buckets.requests), np.int64)
    bucket_of[buckets.requests] = np.repeat(
        np.arange(len(buckets)), np.diff(buckets.request_starts)
    )
    return Result(
        market=market,
        seed=seed,
        buckets=buckets,
        bucket_of=bucket_of,
        price=planned.price,
        cover=planned.cover,
        stakes=stakes,
        rate=pour.rate,
        outcome=pour.outcome,
        skipped=tuple(pour.skipped),
        attainable_cents=attainable,
        placed_cents=placed,
        owed_cents=carry(market, attainable, placed),
        pairs=eligible.pairs,
    )


def _placed_cents(market: Market, stakes: Stakes) -> Ints:
    lenders = np.searchsorted(market.lenders.ids, market.mandates.lender_ids)
    placed = np.zeros(len(market.lenders.ids), np.int64)
    np.add.at(placed, lenders[stakes.mandates], stakes.amount_cents)
    return placed


def carry(market: Market, attainable_cents: Ints, placed_cents: Ints) -> Ints:
    """What each lender is owed after a round: its fair share less what it got, added up.

    The share is the same fraction of what was attainable for everybody, namely all that was placed
    by all that was attainable. The sum is kept within the lender's cash, so that no claim outlives
    the money that it is about; shares are rounded down to the cent.
    """
    lenders = market.lenders
    counted = np.minimum(attainable_cents, LARGEST_ATTAINABLE)
    total = max(int(counted.sum()), UNIT_CENTS)
    share = min((int(placed_cents.sum()) << _SHARE_BITS) // total, 1 << _SHARE_BITS)
    owed = lenders.owed_cents + ((counted * share) >> _SHARE_BITS) - placed_cents
    limited: Ints = np.clip(owed, -lenders.cash_cents, lenders.cash_cents)
    return limited
