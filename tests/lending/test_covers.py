"""Solo or the pool: chosen per bid and per mandate, one for a lender's claim, fixed by the loan."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.models import User
from core.errors import NotFound, StaleState
from core.models import AuditRow
from core.transitions import advance
from ledger.errors import ReferenceReused
from lending.choices import Cover
from lending.errors import CoverClosed, CoverDiffers
from lending.models import Holding, LoanRequest, Offer
from lending.services.covers import choose_cover
from lending.services.disbursements import disburse
from lending.services.offers import place_bid, revoke_offer
from lending.services.round_offers import Stake, place_round_offers
from lending.services.spares import leave_spare
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from lending.verify import covers_agree
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def pool_bid(lender: User, request: LoanRequest, cents: int) -> Offer:
    """A bid by hand into the pool."""
    return place_bid(
        lender=lender,
        request_id=request.pk,
        amount_cents=cents,
        at=AT,
        request_key=uuid4(),
        cover=Cover.POOL,
    )


def lend(request: LoanRequest) -> Holding:
    """Sign and pay out; the first claim."""
    request.refresh_from_db()
    advance(request, RequestStatus.ACCEPTED, table=REQUEST_TRANSITIONS, at=AT, accepted_at=AT)
    loan = disburse(request_id=request.pk, on=AT.date(), at=AT)
    return loan.holdings.order_by("id")[0]


def test_whoever_says_nothing_is_not_in_the_pool() -> None:
    request = listed_request(amount_cents=1_000_00)
    bid(people.lender(cash_cents=1_000_00), request, 1_000_00)
    assert lend(request).cover == Cover.SOLO
    assert mandate().cover == Cover.SOLO


def test_the_claim_bears_the_cover_of_its_bids() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    pool_bid(lender, request, 600_00)
    pool_bid(lender, request, 400_00)
    assert lend(request).cover == Cover.POOL
    assert_money("ledger", "lending")


def test_a_second_bid_names_the_same_cover() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    first = pool_bid(lender, request, 100_00)
    with pytest.raises(CoverDiffers):
        bid(lender, request, 100_00)
    revoke_offer(lender=lender, offer_id=first.pk, at=AT)
    assert bid(lender, request, 100_00).cover == Cover.SOLO


def test_one_key_is_one_cover() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    told = {"lender": lender, "request_id": request.pk, "amount_cents": 100_00, "at": AT}
    key = uuid4()
    first = place_bid(**told, request_key=key, cover=Cover.POOL)  # type: ignore[arg-type]
    assert place_bid(**told, request_key=key, cover=Cover.POOL) == first  # type: ignore[arg-type]
    with pytest.raises(ReferenceReused):
        place_bid(**told, request_key=key, cover=Cover.SOLO)  # type: ignore[arg-type]


def test_stakes_bear_the_mandates_cover_unless_the_lender_has_bid_otherwise() -> None:
    pooled, other = mandate(cash_cents=500_00, cover=Cover.POOL), mandate(cash_cents=500_00)
    fresh, touched = listed_request(amount_cents=1_000_00), listed_request(amount_cents=1_000_00)
    bid(pooled.lender, touched, 25_00)
    stakes = [
        Stake(one.pk, one.lender_id, request.pk, 100_00)
        for request in (fresh, touched)
        for one in (pooled, other)
    ]

    placed = place_round_offers(round_id=7, stakes=stakes, at=AT)

    assert not placed.fallen
    rows = Offer.objects.filter(round_id=7).values_list("request_id", "mandate_id", "cover")
    assert {(request, by): cover for request, by, cover in rows} == {
        (fresh.pk, pooled.pk): "pool",
        (fresh.pk, other.pk): "solo",
        (touched.pk, pooled.pk): "solo",
        (touched.pk, other.pk): "solo",
    }
    assert_money("ledger", "lending")


def test_whoever_moves_up_keeps_the_cover_chosen_in_line() -> None:
    request = listed_request(amount_cents=1_000_00)
    first, second = people.lender(cash_cents=1_000_00), people.lender(cash_cents=1_000_00)
    taken = bid(first, request, 1_000_00)
    leave_spare(
        lender=second,
        request_id=request.pk,
        amount_cents=1_000_00,
        at=AT,
        request_key=uuid4(),
        cover=Cover.POOL,
    )
    revoke_offer(lender=first, offer_id=taken.pk, at=AT)
    assert Offer.objects.get(lender=second).cover == Cover.POOL


def test_a_lender_changes_all_bids_on_a_request_until_it_is_lent() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    first, second = bid(lender, request, 600_00), bid(lender, request, 400_00)

    for _ in range(2):
        choose_cover(lender=lender, offer_id=second.pk, cover=Cover.POOL, at=AT)

    assert set(lender.offers.values_list("cover", flat=True)) == {Cover.POOL}
    assert AuditRow.objects.filter(action="cover_chosen", actor_id=lender.pk).count() == 2
    with pytest.raises(NotFound):
        choose_cover(lender=people.lender(), offer_id=first.pk, cover=Cover.SOLO, at=AT)
    assert lend(request).cover == Cover.POOL
    with pytest.raises(CoverClosed):
        choose_cover(lender=lender, offer_id=first.pk, cover=Cover.SOLO, at=AT)


def test_bids_that_differ_are_found_and_never_lent() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    first = bid(lender, request, 600_00)
    bid(lender, request, 400_00)
    Offer.objects.filter(pk=first.pk).update(cover=Cover.POOL)
    assert [found.check for found in covers_agree()] == ["covers_agree"]
    with pytest.raises(StaleState):
        lend(request)


def test_a_claim_with_another_cover_than_its_bids_is_found() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    bid(lender, request, 1_000_00)
    claim = lend(request)
    Holding.objects.filter(pk=claim.pk).update(cover=Cover.POOL)
    assert [found.subject for found in covers_agree()] == [f"holding:{claim.pk}"]
