"""What would have been: past rounds decided again with one mandate, or one request, more in them.

Nothing is booked. Each past round is taken as it was stored; the newcomer stands in it beside all
others and the engine decides. What the newcomer got is remembered for the rounds that follow: its
cash, budget and rooms shrink, its exposures and its carry grow. The others are not followed up: in
the next round they stand as they were recorded, as if the newcomer had not been there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from matching.engine.changed import next_id, with_pairs, with_row
from matching.engine.explain import Filter, refusals, refused_traits
from matching.engine.problem import GRADES, LARGEST_MARK, NO_LIMIT, UNIT_CENTS, Market
from matching.engine.solve import decide

ANY_RATE: Final = 10**6


@dataclass(frozen=True, slots=True, eq=False)
class PastRound:
    """A stored round: when its market was taken, the seed that broke ties, and the market."""

    at: datetime
    on: date
    seed: int
    market: Market


def refuses_nothing(word: str) -> bool:
    """Take requests of every trait."""
    return False


@dataclass(frozen=True, slots=True)
class Order:
    """A mandate that stands in no market yet. An empty choice takes every word.

    Attributes:
        room_cents: what it may lend in each grade, A to H.
        refuses: whether it refuses a request for one of the words of `Market.traits`.
    """

    grades: frozenset[str]
    terms: frozenset[int]
    purposes: frozenset[str]
    max_per_loan_cents: int
    max_per_borrower_cents: int
    min_stake_cents: int = UNIT_CENTS
    preferred_stake_cents: int = 0
    min_rate: int = 0
    max_rate: int = ANY_RATE
    min_net_rate: int = -ANY_RATE
    max_mark: int = LARGEST_MARK
    budget_cents: int = NO_LIMIT
    room_cents: tuple[int, ...] = (NO_LIMIT,) * len(GRADES)
    refuses: Callable[[str], bool] = refuses_nothing

    def without(self, name: Filter) -> Order:
        """The same order with one filter lifted."""
        return replace(self, **_LIFTED[str(name.name)])


_LIFTED: Final[Mapping[str, dict[str, Any]]] = {
    "GRADE": {"grades": frozenset()},
    "TERM": {"terms": frozenset()},
    "PURPOSE": {"purposes": frozenset()},
    "MARK": {"max_mark": LARGEST_MARK},
    "RATE_TOO_LOW": {"min_rate": 0},
    "RATE_TOO_HIGH": {"max_rate": ANY_RATE},
    "NET_RATE": {"min_net_rate": -ANY_RATE},
    "TRAIT": {"refuses": refuses_nothing},
}


@dataclass(frozen=True, slots=True)
class TriedStake:
    """A stake that the engine would have placed; `rate` in hundred-thousandths a year."""

    on: date
    request_id: int
    amount_cents: int
    rate: int
    grade: str
    term_months: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A request that came before the rounds, and what of the order refused it at the best moment.

    Attributes:
        amount_cents: what was missing when it was first seen.
        refused: `Filter`s; 0 where it would have been taken.
        traits: the words that refused it, where the filter is TRAIT.
    """

    request_id: int
    first_on: date
    amount_cents: int
    refused: int
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What an order would have done.

    Attributes:
        full_on: the day from which no smallest stake was left to place; None while some was.
    """

    stakes: tuple[TriedStake, ...]
    sights: tuple[Sight, ...]
    full_on: date | None
    rounds: int

    @property
    def placed_cents(self) -> int:
        """All that it would have placed."""
        return sum(stake.amount_cents for stake in self.stakes)


@dataclass(slots=True)
class _Purse:
    """What is left of an order while rounds go by, and where its money went."""

    cash_cents: int
    budget_cents: int
    room_cents: list[int]
    idle_since: date
    owed_cents: int = 0
    lent: dict[int, int] = field(default_factory=dict)
    offered: dict[int, int] = field(default_factory=dict)

    def take(self, stake: TriedStake, borrower_id: int) -> None:
        cents = stake.amount_cents
        self.cash_cents -= cents
        self.budget_cents -= cents
        self.room_cents[GRADES.index(stake.grade)] -= cents
        self.lent[borrower_id] = self.lent.get(borrower_id, 0) + cents
        self.offered[stake.request_id] = self.offered.get(stake.request_id, 0) + cents
        self.idle_since = stake.on

    def is_full(self, order: Order) -> bool:
        return min(self.cash_cents, self.budget_cents) < order.min_stake_cents


def try_order(
    rounds: Sequence[PastRound], order: Order, cash_cents: int, *, until_full: bool = False
) -> Trial:
    """Let an order with so much cash take part in past rounds, the earliest first.

    All rounds are looked at for what the order refuses; none is decided once its money is placed.

    Args:
        until_full: do not look at the rounds after that.
    """
    purse = _Purse(
        cash_cents,
        order.budget_cents,
        list(order.room_cents),
        rounds[0].on if rounds else date.min,
    )
    stakes: list[TriedStake] = []
    sights: dict[int, Sight] = {}
    full_on: date | None = None
    for past in rounds:
        market = _with_order(past, order, purse)
        is_taken = _look(market, past.on, sights)
        if full_on is None and is_taken:
            stakes += _decided(market, past, purse)
            full_on = past.on if purse.is_full(order) else None
        if until_full and full_on:
            break
    return Trial(tuple(stakes), tuple(sights.values()), full_on, len(rounds))


def _look(market: Market, on: date, sights: dict[int, Sight]) -> bool:
    """Note what the last mandate refuses; whether it takes anything in which it may place."""
    requests = market.requests
    mandate = np.array([len(market.mandates.ids) - 1])
    refused = refusals(market, mandate, np.arange(len(requests.ids)))[0]
    rows = zip(requests.ids.tolist(), requests.amount_cents.tolist(), refused.tolist(), strict=True)
    for place, (request_id, cents, bits) in enumerate(rows):
        known = sights.get(request_id)
        if known is None or bits.bit_count() < known.refused.bit_count():
            first_on, amount = (known.first_on, known.amount_cents) if known else (on, cents)
            words = refused_traits(market, int(mandate[0]), place) if bits & Filter.TRAIT else ()
            sights[request_id] = Sight(request_id, first_on, amount, bits, words)
    return bool(((refused == 0) & (requests.target_units() > 0)).any())


def _decided(market: Market, past: PastRound, purse: _Purse) -> Iterator[TriedStake]:
    """The stakes of the last mandate of a market, booked into its purse."""
    result, requests = decide(market, past.seed, is_explained=False), market.requests
    purse.owed_cents = int(result.owed_cents[-1])
    own = np.flatnonzero(result.stakes.mandates == len(market.mandates.ids) - 1)
    for row in own.tolist():
        at = int(result.stakes.requests[row])
        stake = TriedStake(
            on=past.on,
            request_id=int(requests.ids[at]),
            amount_cents=int(result.stakes.units[row]) * UNIT_CENTS,
            rate=int(result.rate[at]),
            grade=GRADES[int(requests.grade[at])],
            term_months=int(requests.term_months[at]),
        )
        purse.take(stake, int(requests.borrower_ids[at]))
        yield stake


def _with_order(past: PastRound, order: Order, purse: _Purse) -> Market:
    """The market with one lender more, who has this one mandate; both stand last."""
    market = past.market
    lender_id = next_id(market.lenders.ids)
    lender: dict[str, Any] = {
        "ids": lender_id,
        "cash_cents": purse.cash_cents,
        "idle_days": max((past.on - purse.idle_since).days, 0),
        "portfolio_cents": purse.cash_cents,
        "owed_cents": min(max(purse.owed_cents, -purse.cash_cents), purse.cash_cents),
    }
    known = set(market.requests.ids.tolist())
    offered = {other: cents for other, cents in purse.offered.items() if other in known}
    return replace(
        market,
        lenders=with_row(market.lenders, lender),
        mandates=with_row(market.mandates, _mandate_row(market, order, purse, lender_id)),
        exposures=with_pairs(market.exposures, lender_id, purse.lent),
        offers=with_pairs(market.offers, lender_id, offered),
    )


def _mandate_row(market: Market, order: Order, purse: _Purse, lender_id: int) -> dict[str, Any]:
    return {
        "ids": next_id(market.mandates.ids),
        "lender_ids": lender_id,
        "priority": 1,
        "grades": _chosen(order.grades, GRADES),
        "terms": _chosen(order.terms, market.terms),
        "purposes": _chosen(order.purposes, market.purposes),
        "refused": [order.refuses(word) for word in market.traits],
        "min_rate": order.min_rate,
        "max_rate": order.max_rate,
        "min_net_rate": order.min_net_rate,
        "max_mark": order.max_mark,
        "min_stake_cents": order.min_stake_cents,
        "preferred_stake_cents": order.preferred_stake_cents,
        "max_per_loan_cents": order.max_per_loan_cents,
        "max_per_borrower_cents": order.max_per_borrower_cents,
        "budget_cents": max(purse.budget_cents, 0),
        "room_cents": [max(cents, 0) for cents in purse.room_cents],
    }


def _chosen(some: frozenset[Any], words: Iterable[Any]) -> list[bool]:
    return [not some or word in some for word in words]
