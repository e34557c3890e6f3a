"""Requests at every stage of their life."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import uuid4

from accounts.models import User
from core import audit
from core.clock import day_of
from lending.choices import LISTING_DAYS, Cover, Employment, FirstPeriod, Home, PriceRule, Purpose
from lending.models import LoanRequest, Offer, Spare
from lending.services import requests, reviews
from lending.services.application_data import AmountData, BudgetData, StoryData, WorkData
from lending.services.offers import place_bid
from lending.services.spares import leave_spare
from lending.states import RequestStatus
from tests.factories import people
from tests.factories.people import AT


def amount_data(**changes: object) -> AmountData:
    """EUR 5,000 over three years; name what should differ."""
    told: dict[str, object] = {
        "amount_cents": 5_000_00,
        "term_months": 36,
        "purpose": Purpose.CAR,
        "due_day": 15,
    }
    return AmountData(**(told | changes))  # type: ignore[arg-type]


def work_data(**changes: object) -> WorkData:
    """A nurse of twelve years; name what should differ."""
    told: dict[str, object] = {
        "employment": Employment.FIXED,
        "job_title": "Nurse",
        "years_in_job": 12,
        "income_cents": 2_800_00,
    }
    return WorkData(**(told | changes))  # type: ignore[arg-type]


def budget_data(**changes: object) -> BudgetData:
    """A rented flat for two and some savings; name what should differ."""
    told: dict[str, object] = {
        "home": Home.RENT,
        "household_size": 2,
        "housing_cents": 700_00,
        "living_cents": 1_100_00,
        "instalments_cents": 50_00,
        "debt_cents": 1_000_00,
        "assets_cents": 8_000_00,
        "price_cents": 9_000_00,
        "had_payment_trouble": False,
    }
    return BudgetData(**(told | changes))  # type: ignore[arg-type]


def story_data(**changes: object) -> StoryData:
    """A car for the way to work; name what should differ."""
    told: dict[str, object] = {
        "title": "A used estate car",
        "story": "The old one will not pass its next inspection, and I work night shifts.",
    }
    return StoryData(**(told | changes))  # type: ignore[arg-type]


def complete_draft(
    *,
    borrower: User | None = None,
    amount: AmountData | None = None,
    work: WorkData | None = None,
    budget: BudgetData | None = None,
    story: StoryData | None = None,
    at: datetime = AT,
) -> LoanRequest:
    """A draft with every step done, ready to be handed in."""
    person = borrower or people.borrower(at=at)
    own = {"borrower": person, "request_id": requests.start_request(borrower=person, at=at).pk}
    requests.save_amount(**own, data=amount or amount_data())  # type: ignore[arg-type]
    requests.save_work(**own, data=work or work_data())  # type: ignore[arg-type]
    requests.save_budget(**own, data=budget or budget_data())  # type: ignore[arg-type]
    requests.save_story(**own, data=story or story_data())  # type: ignore[arg-type]
    return requests.give_consent(**own, at=at)  # type: ignore[arg-type]


def submitted_request(*, at: datetime = AT, **steps: object) -> LoanRequest:
    """A request that was handed in; in review unless its steps break a hard limit."""
    draft = complete_draft(at=at, **steps)  # type: ignore[arg-type]
    return requests.submit(borrower=draft.borrower, request_id=draft.pk, at=at)


def large_request(*, at: datetime = AT) -> LoanRequest:
    """EUR 30,000 in review, for which two members of staff have to approve."""
    return submitted_request(
        amount=amount_data(amount_cents=30_000_00, term_months=84),
        work=work_data(income_cents=6_500_00, years_in_job=20),
        budget=budget_data(assets_cents=60_000_00, price_cents=60_000_00),
        at=at,
    )


def approved_request(*, reviewer: User | None = None, at: datetime = AT) -> LoanRequest:
    """A request that staff approved and listed at its posted rate."""
    request = submitted_request(at=at)
    return reviews.approve(reviewer=reviewer or people.staff(at=at), request_id=request.pk, at=at)


_BEFORE_LISTING = (
    RequestStatus.DRAFT,
    RequestStatus.SUBMITTED,
    RequestStatus.IN_REVIEW,
    RequestStatus.LISTED,
)


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
    price_rule: str = PriceRule.FIXED,
    floor_rate: Decimal | None = None,
    least_percent: int = 100,
    first_period: str = FirstPeriod.EQUAL,
    at: datetime = AT,
) -> LoanRequest:
    """A request on the market, put there directly: no application, no review, but a trail."""
    request = LoanRequest.objects.create(
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
        price_rule=price_rule,
        floor_rate=floor_rate,
        least_percent=least_percent,
        first_period=first_period,
        max_rate=None if floor_rate is None else annual_rate,
        created_at=at,
        submitted_at=at,
        listed_at=at,
        deadline_on=day_of(at) + timedelta(days=LISTING_DAYS),
    )
    for before, after in pairwise(_BEFORE_LISTING):
        audit.record(request, "status", at=at, before=before, after=after)
    return request


def bid(
    lender: User,
    request: LoanRequest,
    amount_cents: int,
    *,
    at: datetime = AT,
    cover: Cover = Cover.SOLO,
) -> Offer:
    """A bid by hand; binding four days later."""
    return place_bid(
        lender=lender,
        request_id=request.pk,
        amount_cents=amount_cents,
        at=at,
        request_key=uuid4(),
        cover=cover,
    )


def wait_in_line(
    lender: User, request: LoanRequest, amount_cents: int, *, at: datetime = AT
) -> Spare:
    """A place in line behind a full request."""
    return leave_spare(
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
