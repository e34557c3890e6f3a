"""How the demo's lenders bid by hand, wait in line for what is full, and now and then revoke."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Final
from uuid import UUID

from accounts.models import User
from core.clock import day_of
from core.errors import DomainError
from ledger.chart import Role
from ledger.selectors import balance_cents
from lending.choices import SHARE_CENTS, Cover
from lending.models import LoanRequest
from lending.selectors.spares import waiting_spares_of
from lending.services.offers import place_bid, revoke_offer
from lending.services.spares import leave_spare, may_open_again
from lending.states import OfferSource, OfferStatus, RequestStatus

CHANCE_A_DAY: Final = 0.13
MOST_CENTS: Final = 500_00
MOST_BIDS: Final = 3
MOST_IN_LINE: Final = 3
SPARE_SHARES: Final = 2, 10
CHANCE_TO_REVOKE: Final = 0.08


def bid_by_hand(lenders: list[User], rng: Random, *, at: datetime) -> int:
    """Let some lenders bid on open requests; returns how many bids were placed."""
    open_requests = list(LoanRequest.objects.filter(status=RequestStatus.LISTED).order_by("id"))
    placed = 0
    for lender in lenders:
        if open_requests and rng.random() < CHANCE_A_DAY:
            placed += _bid_some(lender, open_requests, rng, at=at)
    return placed


def _bid_some(lender: User, requests: list[LoanRequest], rng: Random, *, at: datetime) -> int:
    chosen = rng.sample(requests, min(len(requests), rng.randint(1, MOST_BIDS)))
    return sum(_bid(lender, request, rng, at=at) for request in chosen)


def _bid(lender: User, request: LoanRequest, rng: Random, *, at: datetime) -> bool:
    """One bid of a tenth of the lender's cash at most; False when it was refused."""
    key = UUID(int=rng.getrandbits(128), version=4)
    cash = balance_cents(Role.CASH, lender.pk)
    cents = min(cash // 10, MOST_CENTS) // SHARE_CENTS * SHARE_CENTS
    try:
        place_bid(
            lender=lender,
            request_id=request.pk,
            amount_cents=max(cents, SHARE_CENTS),
            at=at,
            request_key=key,
            cover=_cover(lender),
        )
    except DomainError:
        return False
    return True


def _cover(lender: User) -> Cover:
    """Every fourth of them chooses the grade pool, for all bids."""
    return Cover.SOLO if lender.pk % 4 else Cover.POOL


def wait_in_lines(
    lenders: list[User], rng: Random, *, eager: User | None = None, at: datetime
) -> int:
    """Let some lenders wait for each request that filled with bids by hand; how many have joined.

    Args:
        eager: waits too, in one line at a time.
    """
    joined = 0
    for request in _may_open_again(at):
        has_line = request.spares.exists()
        some = [] if has_line else rng.sample(lenders, rng.randint(1, MOST_IN_LINE))
        if eager and not waiting_spares_of(eager).exists():
            some.append(eager)
        joined += _wait(some, request, rng, at=at)
    return joined


def _wait(lenders: list[User], request: LoanRequest, rng: Random, *, at: datetime) -> int:
    """Those of the lenders who have no stake yet join with a few shares; how many did."""
    owners = set(request.offers.filter(status=OfferStatus.OPEN).values_list("lender", flat=True))
    newcomers = [lender for lender in lenders if lender.pk not in owners]
    for lender in newcomers:
        leave_spare(
            lender=lender,
            request_id=request.pk,
            amount_cents=rng.randint(*SPARE_SHARES) * SHARE_CENTS,
            at=at,
            request_key=UUID(int=rng.getrandbits(128), version=4),
            cover=_cover(lender),
        )
    return len(newcomers)


def revoke_some(rng: Random, *, at: datetime) -> int:
    """Let a few think better of a bid while they may; returns how many were revoked."""
    revoked = 0
    for request in _may_open_again(at):
        if rng.random() < CHANCE_TO_REVOKE:
            _revoke_one(request, rng, at=at)
            revoked += 1
    return revoked


def _revoke_one(request: LoanRequest, rng: Random, *, at: datetime) -> None:
    bids = request.offers.filter(status=OfferStatus.OPEN, firm_on__gt=day_of(at))
    by_hand = bids.filter(source=OfferSource.HAND).select_related("lender").order_by("id")
    bid = rng.choice(list(by_hand))
    revoke_offer(lender=bid.lender, offer_id=bid.pk, at=at)


def _may_open_again(at: datetime) -> list[LoanRequest]:
    full = LoanRequest.objects.filter(status=RequestStatus.FILLED).order_by("id")
    return [request for request in full if may_open_again(request, at=at)]
