"""Bids: money is reserved once, given back once, and never twice for the same euro."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from core.errors import NotFound, StaleState
from ledger.chart import Role
from ledger.errors import InsufficientFunds, ReferenceReused
from ledger.models import Entry
from ledger.selectors import balances_cents
from lending.errors import (
    BidOffStep,
    BidTooSmall,
    NotALender,
    RequestClosed,
    RequestFull,
    TooLateToRevoke,
)
from lending.models import LoanRequest, Mandate, Offer
from lending.selectors.offers import firm_from, offer_of, offers_of
from lending.services.offers import end_request, place_bid, revoke_offer
from lending.services.round_offers import Stake, place_round_offers
from lending.states import OfferStatus, RequestStatus
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import bid, filled_request, listed_request
from tests.flows.money import assert_money


def money_of(user: User) -> tuple[int, int]:
    """Cash and reserved money, in cents."""
    found = balances_cents([Role.CASH, Role.RESERVED], user.pk)
    return found[Role.CASH], found[Role.RESERVED]


@pytest.mark.django_db
def test_a_bid_reserves_the_money_and_funds_the_request() -> None:
    request, lender = listed_request(), people.lender(cash_cents=500_00)

    offer = bid(lender, request, 200_00)

    request.refresh_from_db()
    assert money_of(lender) == (300_00, 200_00)
    assert request.funded_cents == 200_00
    assert offer.firm_on == (AT + timedelta(days=4)).date()
    assert firm_from(request) == offer.firm_on
    assert_money("ledger", "lending")


@pytest.mark.django_db
def test_the_bid_that_completes_a_request_fills_it() -> None:
    request = filled_request(shares_cents=[900_00, 100_00])

    assert request.status == RequestStatus.FILLED
    assert request.filled_at == AT
    assert_money("ledger", "lending")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount_cents", "refusal"),
    [
        (24_99, BidTooSmall),
        (30_00, BidOffStep),
        (-25_00, BidTooSmall),
        (1_000_25_00, RequestFull),
        (600_00, InsufficientFunds),
    ],
)
def test_a_bid_of_a_wrong_size_is_refused_and_moves_nothing(
    amount_cents: int, refusal: type[Exception]
) -> None:
    request, lender = listed_request(), people.lender(cash_cents=500_00)

    with pytest.raises(refusal):
        bid(lender, request, amount_cents)

    assert money_of(lender) == (500_00, 0)
    assert not Offer.objects.exists()


@pytest.mark.django_db
def test_only_lenders_bid_and_only_on_listed_requests_in_time() -> None:
    request, lender = listed_request(), people.lender(cash_cents=500_00)

    with pytest.raises(NotALender):
        bid(people.borrower(), request, 25_00)
    with pytest.raises(NotFound):
        place_bid(lender=lender, request_id=10**9, amount_cents=25_00, at=AT, request_key=uuid4())
    bid(lender, request, 25_00, at=AT + timedelta(days=14))
    with pytest.raises(RequestClosed):
        bid(lender, request, 25_00, at=AT + timedelta(days=15))


@pytest.mark.django_db
def test_the_same_key_makes_one_bid_and_refuses_another() -> None:
    request, lender, key = listed_request(), people.lender(cash_cents=500_00), uuid4()
    given = {"lender": lender, "request_id": request.pk, "at": AT, "request_key": key}

    first = place_bid(**given, amount_cents=100_00)
    second = place_bid(**given, amount_cents=100_00)

    assert first.pk == second.pk
    assert money_of(lender) == (400_00, 100_00)
    with pytest.raises(ReferenceReused):
        place_bid(**given, amount_cents=125_00)


@pytest.mark.django_db
def test_a_revoked_bid_gives_the_money_back_once_and_opens_the_request_again() -> None:
    lender, request = people.lender(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    offer = bid(lender, request, 1_000_00)

    for _ in range(2):
        revoke_offer(lender=lender, offer_id=offer.pk, at=AT + timedelta(days=3))

    request.refresh_from_db()
    assert (request.status, request.funded_cents) == (RequestStatus.LISTED, 0)
    assert money_of(lender) == (1_000_00, 0)
    assert_money("ledger", "lending")


@pytest.mark.django_db
def test_a_bid_becomes_binding_on_its_day_and_a_stranger_never_sees_it() -> None:
    lender, request = people.lender(cash_cents=100_00), listed_request()
    offer = bid(lender, request, 100_00)

    with pytest.raises(TooLateToRevoke):
        revoke_offer(lender=lender, offer_id=offer.pk, at=AT + timedelta(days=4))
    stranger = people.lender()
    with pytest.raises(NotFound):
        revoke_offer(lender=stranger, offer_id=offer.pk, at=AT)
    with pytest.raises(NotFound):
        offer_of(stranger, offer.pk)
    assert not offers_of(stranger).exists()
    assert offer_of(lender, offer.pk) == offer


@pytest.mark.django_db
@pytest.mark.parametrize("to", [RequestStatus.EXPIRED, RequestStatus.CANCELLED])
def test_the_end_of_a_request_releases_every_offer(to: RequestStatus) -> None:
    lenders = [people.lender(cash_cents=300_00) for _ in range(3)]
    request = listed_request()
    for lender in lenders:
        bid(lender, request, 100_00)
        bid(lender, request, 50_00)

    ended = end_request(request_id=request.pk, to=to, at=AT, reason="test")

    assert (ended.status, ended.funded_cents) == (to, 0)
    assert [money_of(lender) for lender in lenders] == [(300_00, 0)] * 3
    assert {offer.status for offer in Offer.objects.all()} == {OfferStatus.RELEASED}
    assert_money("ledger", "lending")


def mandate(lender: User, **changes: object) -> Mandate:
    """A mandate that takes everything."""
    fields = {"name": "All", "max_per_loan_cents": 1_000_00, "max_per_borrower_cents": 1_000_00}
    return Mandate.objects.create(lender=lender, created_at=AT, **(fields | changes))


def stake(given: Mandate, request: LoanRequest, cents: int) -> Stake:
    """What the engine would hand in."""
    return Stake(given.pk, given.lender_id, request.pk, cents)


@pytest.mark.django_db
def test_stakes_of_a_round_are_placed_once_however_often_they_are_handed_in() -> None:
    mandates = [mandate(people.lender(cash_cents=500_00)) for _ in range(2)]
    request = listed_request(amount_cents=1_000_00)
    stakes = [stake(given, request, 500_00) for given in mandates]

    for _ in range(3):
        result = place_round_offers(round_id=1, stakes=stakes, at=AT)
        assert (result.placed, result.fallen) == ([request.pk], {})

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    assert Offer.objects.count() == 2
    assert Entry.objects.filter(reference=f"round:1:{request.pk}").count() == 1
    assert_money("ledger", "lending")


@pytest.mark.django_db
def test_a_request_that_no_longer_fits_falls_back_whole_and_others_stand() -> None:
    rich, poor = people.lender(cash_cents=900_00), people.lender(cash_cents=100_00)
    of_rich, of_poor = mandate(rich), mandate(poor)
    paused = mandate(rich, status="paused", name="Paused")
    keeps = mandate(rich, reserve_cents=700_00, name="Keeps")
    full, lacking, good, resting, kept = (listed_request() for _ in range(5))
    bid(people.lender(cash_cents=5_000_00), full, 4_950_00)

    result = place_round_offers(
        round_id=7,
        stakes=[
            stake(of_rich, full, 75_00),
            stake(of_rich, lacking, 100_00),
            stake(of_poor, lacking, 125_00),
            stake(of_rich, good, 100_00),
            stake(paused, resting, 25_00),
            stake(keeps, kept, 125_00),
        ],
        at=AT,
    )

    assert result.placed == [good.pk]
    assert result.fallen == {
        full.pk: "request_full",
        lacking.pk: "insufficient_funds",
        resting.pk: "mandate_not_active",
        kept.pk: "insufficient_funds",
    }
    assert money_of(rich) == (800_00, 100_00)
    assert money_of(poor) == (100_00, 0)
    assert_money("ledger", "lending")


def race(*acts: Callable[[], object]) -> list[object]:
    """Run acts at once, each on its own connection; return results or refusals in order."""
    results: list[object] = [None] * len(acts)
    start = Barrier(len(acts))

    def run(index: int, act: Callable[[], object]) -> None:
        try:
            start.wait()
            results[index] = act()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_two_who_bid_for_the_last_25_euros_end_with_one_winner(attempt: int) -> None:
    request = listed_request(amount_cents=1_000_00)
    bid(people.lender(cash_cents=975_00), request, 975_00)
    rivals = [people.lender(cash_cents=25_00) for _ in range(2)]

    results = race(*(lambda who=rival: bid(who, request, 25_00) for rival in rivals))

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    assert sorted(type(result).__name__ for result in results) == ["Offer", "RequestClosed"]
    assert sorted(money_of(rival) for rival in rivals) == [(0, 25_00), (25_00, 0)]
    assert_money("ledger", "lending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_one_balance_is_spent_once_by_two_bids(attempt: int) -> None:
    lender = people.lender(cash_cents=100_00)
    requests = [listed_request() for _ in range(2)]

    results = race(*(lambda which=request: bid(lender, which, 100_00) for request in requests))

    assert sorted(type(result).__name__ for result in results) == ["InsufficientFunds", "Offer"]
    assert money_of(lender) == (0, 100_00)
    assert_money("ledger", "lending")


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_twice_at_once_makes_one_bid() -> None:
    lender, request, key = people.lender(cash_cents=500_00), listed_request(), uuid4()

    def act() -> Offer:
        return place_bid(
            lender=lender, request_id=request.pk, amount_cents=100_00, at=AT, request_key=key
        )

    first, second = race(act, act)

    assert isinstance(first, Offer)
    assert first == second
    assert money_of(lender) == (400_00, 100_00)
    assert_money("ledger", "lending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_bids_rounds_revocations_and_the_end_at_once_keep_every_cent(attempt: int) -> None:
    lenders = [people.lender(cash_cents=400_00) for _ in range(4)]
    mandates = [mandate(lender) for lender in lenders]
    requests = [listed_request(amount_cents=1_000_00) for _ in range(2)]
    offers = [bid(lender, requests[0], 100_00) for lender in lenders[:2]]
    stakes = [stake(given, request, 150_00) for given in mandates for request in requests]

    results = race(
        *(lambda who=who: bid(who, requests[1], 200_00) for who in reversed(lenders)),
        lambda: place_round_offers(round_id=1, stakes=stakes, at=AT),
        lambda: revoke_offer(lender=lenders[0], offer_id=offers[0].pk, at=AT),
        lambda: end_request(request_id=requests[0].pk, to=RequestStatus.CANCELLED, at=AT),
    )

    refusals = {type(result) for result in results if isinstance(result, Exception)}
    assert refusals <= {InsufficientFunds, RequestClosed, RequestFull, TooLateToRevoke, StaleState}
    assert_money("ledger", "lending")
    for lender in lenders:
        assert sum(money_of(lender)) == 400_00
