"""Requests at every stage of their life."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from accounts.models import User
from core.clock import day_of
from lending.choices import LISTING_DAYS, Purpose
from lending.models import LoanRequest, Offer
from lending.services.offers import place_bid
from lending.states import RequestStatus
from tests.factories import people
from tests.factories.people import AT


def listed_request(
    *,
    borrower: User | None = None,
    amount_cents: int = 5_000_00,
    term_months: int = 36,
    annual_rate: Decimal = Decimal("0.08"),
    grade: str = "C",
    affordability_mark: int = 2,
    purpose: str = Purpose.CAR,
    due_day: int = 1,
    borrower_fee_rate: Decimal = Decimal("0.025"),
    at: datetime = AT,
) -> LoanRequest:
    """A request on the market, put there directly: no application, no review."""
    return LoanRequest.objects.create(
        borrower=borrower or people.borrower(at=at),
        status=RequestStatus.LISTED,
        amount_cents=amount_cents,
        term_months=term_months,
        annual_rate=annual_rate,
        grade=grade,
        affordability_mark=affordability_mark,
        purpose=purpose,
        title="A used estate car",
        story="The old one will not pass its next inspection.",
        due_day=due_day,
        borrower_fee_rate=borrower_fee_rate,
        created_at=at,
        submitted_at=at,
        listed_at=at,
        deadline_on=day_of(at) + timedelta(days=LISTING_DAYS),
    )


def bid(lender: User, request: LoanRequest, amount_cents: int, *, at: datetime = AT) -> Offer:
    """A bid by hand; binding four days later."""
    return place_bid(
        lender=lender, request_id=request.pk, amount_cents=amount_cents, at=at, request_key=uuid4()
    )


def filled_request(
    *, shares_cents: list[int] | None = None, at: datetime = AT, **request: object
) -> LoanRequest:
    """A request that hand bids of fresh lenders cover, one lender for each share."""
    shares = shares_cents or [3_000_00, 1_975_00, 25_00]
    filled = listed_request(amount_cents=sum(shares), at=at, **request)  # type: ignore[arg-type]
    for share_cents in shares:
        bid(people.lender(cash_cents=share_cents, at=at), filled, share_cents, at=at)
    filled.refresh_from_db()
    return filled
