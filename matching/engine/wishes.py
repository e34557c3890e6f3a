"""When a request that was never on the market would have been filled in past rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from matching.engine.backtest import PastRound
from matching.engine.changed import next_id, offers_with, with_row
from matching.engine.problem import GRADES, UNIT_CENTS, Market
from matching.engine.solve import solve

Share = Callable[[datetime, datetime], int]
"""How many percent of a request mandates may hold, by the instant and that of its listing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that was never on the market.

    Attributes:
        rate, loss_rate: hundred-thousandths a year.
        traits: the words that would be true of it.
        least_cents: the part that is enough; all of it unless the borrower says otherwise.
    """

    amount_cents: int
    grade: str
    term_months: int
    purpose: str
    mark: int
    rate: int
    loss_rate: int
    traits: frozenset[str] = frozenset()


def instant_of_filling(
    rounds: Sequence[PastRound], wish: Wish, *, listed_at: datetime, days: int, share: Share
) -> datetime | None:
    """When mandates alone would have filled a request that was listed at an instant.

    Only rounds from then until `days` later count; None when none of them completes it.
    """
    placed_cents = 0
    held: dict[int, int] = {}
    for past in rounds:
        age = (past.at - listed_at).days
        if past.at < listed_at or age > days:
            continue
        room = wish.amount_cents * share(past.at, listed_at) // 100 - placed_cents
        if room < UNIT_CENTS:
            continue
        market = _with_wish(past.market, wish, placed_cents, room, days - age, held)
        placed_cents += _poured(market, past.seed, held)
        if placed_cents == wish.amount_cents:
            return past.at
    return None


def _poured(market: Market, seed: int, held: dict[int, int]) -> int:
    """What a round puts into the last request; who gave it is added to `held`."""
    result = solve(market, seed)
    own = np.flatnonzero(result.stakes.requests == len(market.requests.ids) - 1)
    owners = market.mandates.lender_ids[result.stakes.mandates[own]]
    cents = result.stakes.units[own].astype(np.int64) * UNIT_CENTS
    for owner, amount in zip(owners.tolist(), cents.tolist(), strict=True):
        held[owner] = held.get(owner, 0) + amount
    return int(cents.sum())


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
        "least_cents": missing,
        "robot_room_cents": min(room, missing),
        "grade": GRADES.index(wish.grade),
        "term_months": wish.term_months,
        "purpose": market.purposes.index(wish.purpose),
        "mark": wish.mark,
        "rate": wish.rate,
        "floor_rate": wish.rate,
        "coverage": 1_000,
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
