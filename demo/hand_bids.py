"""How the demo's lenders bid by hand: a few of them each day, on what they like."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Final
from uuid import UUID

from accounts.models import User
from core.errors import DomainError
from ledger.chart import Role
from ledger.selectors import balance_cents
from lending.choices import SHARE_CENTS
from lending.models import LoanRequest
from lending.services.offers import place_bid
from lending.states import RequestStatus

CHANCE_A_DAY: Final = 0.13
MOST_CENTS: Final = 500_00
MOST_BIDS: Final = 3


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
        )
    except DomainError:
        return False
    return True
