"""When a request that was never on the market would have been filled in past rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from matching.engine.backtest import PastRound
from matching.engine.changed import next_id, offers_with, with_row
from matching.engine.problem import GRADES, PURE_PRICE, UNIT_CENTS, Market
from matching.engine.solve import solve

Share = Callable[[datetime, datetime], int]
"""How many percent of a request mandates may hold, by the instant and that of its listing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that was never on the market.

    Attributes:
        rate, loss_rate: hundred-thousandths a year; `rate` is the highest of an auction.
        floor_rate, coverage: of an auction, as in `Requests`; without them the rate is fixed.
        least_cents: the part that is enough at the deadline, 0 where any is; None is all of it.
        traits: the words that would be true of it.
    """

    amount_cents: int
    grade: str
    term_months: int
    purpose: str
    mark: int
    rate: int
    loss_rate: int
    floor_rate: int | None = None
    coverage: int = PURE_PRICE
    least_cents: int | None = None
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filling:
    """How a wish ended: when, with how much of it, and at which rate."""

    at: datetime
    cents: int
    rate: int


def filling(
    rounds: Sequence[PastRound], wish: Wish, *, listed_at: datetime, days: int, share: Share
) -> Filling | None:
    """What mandates alone would have made of a request that was listed at an instant.

    Only rounds from then until `days` later count. A part that is enough ends it when they are
    over, as for every request; None when not even that came together. The price of an auction is
    the one that the engine finds.
    """
    placed_cents, rate = 0, wish.rate
    held: dict[int, int] = {}
    for past in rounds:
        age = (past.at - listed_at).days
        if past.at < listed_at or age > days:
            continue
        room = wish.amount_cents * share(past.at, listed_at) // 100 - placed_cents
        if room < UNIT_CENTS:
            continue
        market = _with_wish(past.market, wish, placed_cents, room, days - age, held)
        cents, found = _poured(market, past.seed, held)
        placed_cents += cents
        rate = found if cents else rate
        if placed_cents == wish.amount_cents:
            return Filling(past.at, placed_cents, rate)
    if wish.least_cents is not None and placed_cents >= wish.least_cents:
        return Filling(listed_at + timedelta(days=days), placed_cents, rate)
    return None


def _poured(market: Market, seed: int, held: dict[int, int]) -> tuple[int, int]:
    """What a round puts into the last request, and its rate; who gave is added to `held`."""
    result = solve(market, seed)
    own = np.flatnonzero(result.stakes.requests == len(market.requests.ids) - 1)
    owners = market.mandates.lender_ids[result.stakes.mandates[own]]
    cents = result.stakes.units[own].astype(np.int64) * UNIT_CENTS
    for owner, amount in zip(owners.tolist(), cents.tolist(), strict=True):
        held[owner] = held.get(owner, 0) + amount
    return int(cents.sum()), int(result.rate[-1])


def _with_wish(
    market: Market, wish: Wish, placed: int, room: int, days_left: int, held: Mapping[int, int]
) -> Market:
    """The market with one request more, which stands last and belongs to nobody in it."""
    market = _knowing(market, wish)
    request_id = next_id(market.requests.ids)
    missing = wish.amount_cents - placed
    row: dict[str, Any] = {
        "ids": request_id,
        "borrower_ids": max(
            next_id(market.requests.borrower_ids), next_id(market.exposures.other_ids)
        ),
        "amount_cents": missing,
        "least_cents": _least_cents(wish, placed),
        "robot_room_cents": min(room, missing),
        "grade": GRADES.index(wish.grade),
        "term_months": wish.term_months,
        "purpose": market.purposes.index(wish.purpose),
        "mark": wish.mark,
        "rate": wish.rate,
        "floor_rate": wish.rate if wish.floor_rate is None else wish.floor_rate,
        "coverage": wish.coverage,
        "loss_rate": wish.loss_rate,
        "traits": [word in wish.traits for word in market.traits],
        "deadline_day": days_left,
    }
    known = set(market.lenders.ids.tolist())
    pairs = [(lender, cents) for lender, cents in sorted(held.items()) if lender in known]
    return replace(
        market,
        requests=with_row(market.requests, row),
        offers=offers_with(market.offers, request_id, pairs),
    )


def _least_cents(wish: Wish, placed: int) -> int:
    """What a round must place if it places anything."""
    missing = wish.amount_cents - placed
    if wish.least_cents is None:
        return missing
    return min(max(wish.least_cents - placed, UNIT_CENTS), missing)


def _knowing(market: Market, wish: Wish) -> Market:
    """The market with the wish's term and purpose among its words.

    Who names words names them in the vocabulary; so a word that is missing from it is taken by the
    mandates that take all that is in it.
    """
    if wish.term_months not in market.terms:
        terms = tuple(sorted((*market.terms, wish.term_months)))
        flags = _with_column(market.mandates.terms, terms.index(wish.term_months))
        market = replace(market, terms=terms, mandates=replace(market.mandates, terms=flags))
    if wish.purpose not in market.purposes:
        purposes = tuple(sorted((*market.purposes, wish.purpose)))
        at = purposes.index(wish.purpose)
        moved = market.requests.purpose + (market.requests.purpose >= at)
        flags = _with_column(market.mandates.purposes, at)
        market = replace(
            market,
            purposes=purposes,
            mandates=replace(market.mandates, purposes=flags),
            requests=replace(market.requests, purpose=moved),
        )
    return market


def _with_column(flags: Any, at: int) -> Any:
    return np.insert(flags, at, flags.all(axis=1), axis=1)
