"""Requests on the market with the trail of their life so far, and what mandates put in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from lending.models import LoanRequest, Offer
from lending.states import OfferSource
from matching.models import MatchRound
from matching.services.rounds import run_round
from matching.states import RoundStatus
from tests.factories.people import AT
from tests.factories.requests import listed_request

OLD = AT + timedelta(days=4)
"""When mandates may hold all of what was listed at AT."""


def on_market(amount_cents: int = 1_000_00, *, at: datetime = AT, **given: object) -> LoanRequest:
    """A listed request whose trail says how it came there."""
    return listed_request(amount_cents=amount_cents, at=at, **given)  # type: ignore[arg-type]


def stakes_of(request: LoanRequest) -> list[int]:
    """The stakes in a request in the order of their mandates, in cents."""
    offers = Offer.objects.filter(request=request, source=OfferSource.MANDATE)
    return list(offers.order_by("mandate_id", "id").values_list("amount_cents", flat=True))


def booked(*, at: datetime = OLD, seed: int | None = None) -> MatchRound:
    """A round that was run and came to its end."""
    match = run_round(at=at, seed=seed)
    assert match is not None
    assert match.status == RoundStatus.BOOKED
    return match
