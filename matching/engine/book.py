"""The market as the engine works on it: sizes in units, and lenders standing in the order of ties.

Lenders are numbered by the tie rule (older idle cash, then the lot, then the id), mandates by
lender, priority and id. Whoever stands first in an array therefore wins a tie, and every stable
sort by level is the exact order of the pour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.draw import Words, lots
from matching.engine.problem import (
    ANY_NET_RATE,
    GRADES,
    UNIT_CENTS,
    Bools,
    Ints,
    Market,
    places,
)


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Lenders and mandates by position; `lender_at` and `mandate_at` lead back to the market.

    Attributes:
        rank: position here of each lender of the market.
        lot: the lot of each lender.
        owner: the lender of each mandate; ascending.
        starts: the first mandate of each lender (and the end), a slice per lender.
        minimum, preferred: smallest stake and first portion, in units.
        stake_cap: the lesser of the limits per loan and per borrower, in units.
        room: what may still be placed, in units; one array per grade.
        usable: for each grade, mandates that could place a smallest stake at all.
        shares: whether any lender has more than one mandate.
        plain: whether every smallest stake and first portion is one unit.
        netted: whether any mandate asks for a net rate.
        budgeted: whether any budget is less than its lender's cash; no other can ever bind.
    """

    market: Market
    lender_at: Ints
    rank: Ints
    mandate_at: Ints
    lot: Words
    cash: Ints
    owed_cents: Ints
    owner: Ints
    starts: Ints
    minimum: Ints
    preferred: Ints
    per_loan_cents: Ints
    per_borrower_cents: Ints
    stake_cap: Ints
    budget: Ints
    room: tuple[Ints, ...]
    usable: tuple[Bools, ...]
    terms: Bools
    purposes: Bools
    min_rate: Ints
    max_rate: Ints
    max_mark: Ints
    min_net_rate: Ints
    refused: Bools
    netted: bool
    shares: bool
    plain: bool
    budgeted: bool


def least_rate(book: Book, mandates: Ints, loss_rate: int) -> Ints:
    """The lowest rate at which each of `mandates` takes a request of that expected loss."""
    least = book.min_rate[mandates]
    if not book.netted:
        return least
    return np.maximum(least, book.min_net_rate[mandates] + loss_rate)


def open_book(market: Market, seed: int) -> Book:
    """Number lenders and mandates for a round with this seed."""
    lenders, mandates = market.lenders, market.mandates
    lot = lots(seed, lenders.ids)
    lender_at = np.lexsort((lenders.ids, lot, -lenders.idle_days))
    rank = np.empty_like(lender_at)
    rank[lender_at] = np.arange(len(lender_at))
    owner = rank[places(lenders.ids, mandates.lender_ids)[0]]
    order = np.lexsort((mandates.ids, mandates.priority, owner))
    owner = owner[order]
    minimum = -(-mandates.min_stake_cents[order] // UNIT_CENTS)
    per_loan, per_borrower = (
        mandates.max_per_loan_cents[order],
        mandates.max_per_borrower_cents[order],
    )
    cash = lenders.cash_cents[lender_at] // UNIT_CENTS
    stake_cap = np.minimum(per_loan, per_borrower) // UNIT_CENTS
    budget = mandates.budget_cents[order] // UNIT_CENTS
    room = mandates.room_cents[order] // UNIT_CENTS
    preferred = np.maximum(mandates.preferred_stake_cents[order] // UNIT_CENTS, minimum)
    possible = np.minimum(np.minimum(stake_cap, budget), cash[owner]) >= minimum
    accepted = mandates.grades[order] & (room >= minimum[:, None]) & possible[:, None]
    return Book(
        market=market,
        lender_at=lender_at,
        rank=rank,
        mandate_at=order,
        lot=lot[lender_at],
        cash=cash,
        owed_cents=lenders.owed_cents[lender_at],
        owner=owner,
        starts=np.searchsorted(owner, np.arange(len(lender_at) + 1)),
        minimum=minimum,
        preferred=preferred,
        per_loan_cents=per_loan,
        per_borrower_cents=per_borrower,
        stake_cap=stake_cap,
        budget=budget,
        room=tuple(np.ascontiguousarray(room[:, place]) for place in range(len(GRADES))),
        usable=tuple(np.ascontiguousarray(accepted[:, place]) for place in range(len(GRADES))),
        terms=np.asfortranarray(mandates.terms[order]),
        purposes=np.asfortranarray(mandates.purposes[order]),
        min_rate=mandates.min_rate[order],
        max_rate=mandates.max_rate[order],
        max_mark=mandates.max_mark[order],
        min_net_rate=mandates.min_net_rate[order],
        refused=np.asfortranarray(mandates.refused[order]),
        netted=bool((mandates.min_net_rate > ANY_NET_RATE).any()),
        shares=bool((owner[1:] == owner[:-1]).any()),
        plain=bool((preferred == 1).all()),
        budgeted=bool((budget < cash[owner]).any()),
    )
