"""Requests that take a part, and requests whose rate lenders find."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from core.clock import day_of
from core.errors import IllegalTransition, NotFound
from core.inputs import Missing, NotAChoice
from lending.choices import PriceRule
from lending.errors import AuctionIsWhole, PartTooSmall, RateOutOfBand, RequestClosed
from lending.models import LoanRequest
from lending.services import reviews
from lending.services.contract_figures import quote_of
from lending.services.expiry import expire_requests
from lending.services.offers import revoke_offer, take_part
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import amount_data, bid, listed_request, submitted_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

AFTER = AT + timedelta(days=15)


def partly(cents: int, *, least_percent: int = 70) -> LoanRequest:
    """A request over EUR 1,000 of which some is funded by hand."""
    request = listed_request(amount_cents=1_000_00, least_percent=least_percent)
    bid(people.lender(cash_cents=cents), request, cents)
    request.refresh_from_db()
    return request


def closed(request: LoanRequest) -> LoanRequest:
    """The request after the day end of its deadline."""
    assert request.deadline_on is not None
    expire_requests(on=request.deadline_on, at=AFTER)
    request.refresh_from_db()
    return request


def auction(amount_cents: int = 1_000_00) -> LoanRequest:
    """A request at 6 to 9 %."""
    return listed_request(
        amount_cents=amount_cents,
        annual_rate=Decimal("0.09"),
        floor_rate=Decimal("0.06"),
        price_rule=PriceRule.AUCTION,
    )


# --- What a borrower may ask for ----------------------------------------------------------------


def test_an_auction_names_its_highest_rate() -> None:
    with pytest.raises(Missing) as refusal:
        amount_data(price_rule=PriceRule.AUCTION).checked()
    assert refusal.value.field == "max_rate"


def test_an_auction_takes_no_part() -> None:
    told = amount_data(price_rule=PriceRule.AUCTION, max_rate=Decimal("0.1"), least_percent=70)
    with pytest.raises(AuctionIsWhole) as refusal:
        told.checked()
    assert refusal.value.field == "least_percent"


@pytest.mark.parametrize("percent", [0, 65, 71, 105])
def test_a_part_is_one_of_those_on_offer(percent: int) -> None:
    with pytest.raises(NotAChoice) as refusal:
        amount_data(least_percent=percent).checked()
    assert refusal.value.field == "least_percent"


def test_an_auction_is_listed_between_the_floor_and_what_the_borrower_accepts() -> None:
    told = amount_data(price_rule=PriceRule.AUCTION, max_rate=Decimal("0.15"))
    request = submitted_request(amount=told)
    assessment = request.assessments.get()

    listed = reviews.approve(reviewer=people.staff(), request_id=request.pk, at=AT)

    assert assessment.ceiling_rate is not None
    assert listed.floor_rate == assessment.floor_rate
    assert listed.annual_rate == min(assessment.ceiling_rate, Decimal("0.15"))
    assert listed.rate_is_cap


def test_an_auction_below_the_price_list_is_told_so() -> None:
    told = amount_data(price_rule=PriceRule.AUCTION, max_rate=Decimal("0.006"))
    with pytest.raises(RateOutOfBand):
        submitted_request(amount=told)


# --- A part --------------------------------------------------------------------------------------


def test_a_part_that_suffices_is_filled_at_the_deadline() -> None:
    request = closed(partly(825_00))

    assert request.status == RequestStatus.FILLED
    assert request.granted_cents == 825_00
    assert quote_of(request, disbursed_on=day_of(AFTER)).amount_cents == 825_00
    letter = Message.objects.get(kind="request_filled", person_id=request.borrower_id)
    assert letter.facts["is_part"] is True
    assert_money("ledger", "lending")


def test_a_part_that_does_not_suffice_expires() -> None:
    request = closed(partly(675_00))
    assert request.status == RequestStatus.EXPIRED
    assert_money("ledger", "lending")


def test_who_wants_the_whole_gets_no_part() -> None:
    assert closed(partly(975_00, least_percent=100)).status == RequestStatus.EXPIRED


def test_the_borrower_may_take_a_part_early_and_twice() -> None:
    request = partly(700_00)
    for _ in range(2):
        taken = take_part(borrower=request.borrower, request_id=request.pk, at=AT)
    assert (taken.status, taken.granted_cents) == (RequestStatus.FILLED, 700_00)
    with pytest.raises(RequestClosed):
        bid(people.lender(cash_cents=25_00), request, 25_00)
    assert_money("ledger", "lending")


def test_too_little_cannot_be_taken() -> None:
    request = partly(675_00)
    with pytest.raises(PartTooSmall):
        take_part(borrower=request.borrower, request_id=request.pk, at=AT)


def test_a_stranger_takes_nothing() -> None:
    request = partly(700_00)
    with pytest.raises(NotFound):
        take_part(borrower=people.borrower(), request_id=request.pk, at=AT)


def test_what_has_ended_cannot_be_taken() -> None:
    request = closed(partly(100_00))
    with pytest.raises(IllegalTransition):
        take_part(borrower=request.borrower, request_id=request.pk, at=AFTER)


def test_a_revoked_bid_opens_a_part_again_only_when_it_was_needed() -> None:
    request = partly(700_00)
    spare = bid(people.lender(cash_cents=100_00), request, 100_00)
    take_part(borrower=request.borrower, request_id=request.pk, at=AT)

    revoke_offer(lender=spare.lender, offer_id=spare.pk, at=AT)
    request.refresh_from_db()
    assert (request.status, request.granted_cents) == (RequestStatus.FILLED, 700_00)

    needed = request.offers.exclude(pk=spare.pk).get()
    revoke_offer(lender=needed.lender, offer_id=needed.pk, at=AT)
    request.refresh_from_db()
    assert (request.status, request.funded_cents) == (RequestStatus.LISTED, 0)
    assert_money("ledger", "lending")


# --- An auction that bids by hand fill ----------------------------------------------------------


def test_bids_by_hand_alone_fill_an_auction_at_its_lowest_rate() -> None:
    request = auction()
    offer = bid(people.lender(cash_cents=1_000_00), request, 1_000_00)
    request.refresh_from_db()
    assert (request.status, request.annual_rate) == (RequestStatus.FILLED, Decimal("0.06"))
    assert not request.rate_is_cap

    revoke_offer(lender=offer.lender, offer_id=offer.pk, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.LISTED


def test_an_auction_that_opens_again_has_its_cap_again() -> None:
    told = amount_data(price_rule=PriceRule.AUCTION, max_rate=Decimal("0.15"))
    request = submitted_request(amount=told)
    listed = reviews.approve(reviewer=people.staff(), request_id=request.pk, at=AT)
    cap = listed.annual_rate
    offer = bid(people.lender(cash_cents=5_000_00), listed, 5_000_00)
    request.refresh_from_db()
    assert request.annual_rate == request.floor_rate

    revoke_offer(lender=offer.lender, offer_id=offer.pk, at=AT)
    request.refresh_from_db()
    assert request.annual_rate == cap
    assert request.rate_is_cap
