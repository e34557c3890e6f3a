"""Stakes of a round made real: the same rows as one act after the other would leave."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from ledger.chart import EntryKind, Role
from ledger.models import Entry
from ledger.selectors import balances_cents
from lending.choices import PriceRule
from lending.models import LoanRequest, Offer
from lending.services.round_offers import Stake, place_round_offers
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def auction() -> LoanRequest:
    """EUR 1,000 at 6 to 9 %."""
    return listed_request(
        amount_cents=1_000_00,
        annual_rate=Decimal("0.09"),
        floor_rate=Decimal("0.06"),
        price_rule=PriceRule.AUCTION,
    )


def test_each_offer_has_all_that_a_bid_has_and_its_receipt_can_find_it() -> None:
    given, request = mandate(cash_cents=500_00), listed_request(amount_cents=1_000_00)
    stake = Stake(given.pk, given.lender_id, request.pk, 100_00)

    result = place_round_offers(round_id=7, stakes=[stake], at=AT)

    offer = Offer.objects.get()
    assert result.offer_ids == {(given.pk, request.pk): offer.pk}
    assert (offer.source, offer.status, offer.round_id) == ("mandate", "open", 7)
    assert (offer.placed_at, offer.firm_on) == (AT, AT.date())
    assert isinstance(offer.request_key, UUID)
    entry = Entry.objects.get(reference=f"round:7:{request.pk}")
    assert (entry.kind, entry.effective_on) == (EntryKind.RESERVATION, AT.date())
    money = balances_cents([Role.CASH, Role.RESERVED], given.lender_id)
    assert money == {Role.CASH: 400_00, Role.RESERVED: 100_00}
    assert_money("ledger", "lending")


def test_many_stakes_with_conflicts_leave_whole_requests_and_every_cent() -> None:
    """Random shards against a plain walk in id order."""
    for seed in range(12):
        rng = Random(seed)
        given = [mandate(cash_cents=25_00 * rng.randrange(1, 20)) for _ in range(5)]
        requests = [listed_request(amount_cents=1_000_00) for _ in range(6)]
        stakes = [
            Stake(one.pk, one.lender_id, request.pk, 25_00 * rng.randrange(1, 9))
            for request in requests
            for one in given
            if rng.random() < 0.7
        ]
        crowded = requests[2]
        bid(people.lender(cash_cents=950_00), crowded, 950_00)
        free = {
            one.lender_id: balances_cents([Role.CASH], one.lender_id)[Role.CASH] for one in given
        }
        expected: dict[int, str] = {}
        for request in requests:
            own = [stake for stake in stakes if stake.request_id == request.pk]
            if not own:
                continue
            missing = 50_00 if request == crowded else 1_000_00
            if sum(stake.amount_cents for stake in own) > missing:
                expected[request.pk] = "request_full"
            elif any(stake.amount_cents > free[stake.lender_id] for stake in own):
                expected[request.pk] = "insufficient_funds"
            else:
                for stake in own:
                    free[stake.lender_id] -= stake.amount_cents

        rng.shuffle(stakes)
        for _ in range(2):
            result = place_round_offers(round_id=100 + seed, stakes=stakes, at=AT)
            assert result.fallen == expected

        placed = {stake for stake in stakes if stake.request_id not in expected}
        rows = Offer.objects.filter(round_id=100 + seed)
        columns = ("mandate_id", "lender_id", "request_id", "amount_cents")
        assert {Stake(*row) for row in rows.values_list(*columns)} == placed
        cash = {lender: balances_cents([Role.CASH], lender)[Role.CASH] for lender in free}
        assert cash == free
        assert_money("ledger", "lending")


def test_a_request_that_is_completed_is_filled_and_its_borrower_told() -> None:
    given, request = mandate(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    stake = Stake(given.pk, given.lender_id, request.pk, 1_000_00)
    place_round_offers(round_id=1, stakes=[stake], at=AT)
    request.refresh_from_db()
    assert (request.status, request.filled_at) == (RequestStatus.FILLED, AT)
    assert Message.objects.filter(kind="request_filled", person_id=request.borrower_id).exists()


def test_the_price_of_an_auction_becomes_its_rate() -> None:
    given, request = mandate(cash_cents=1_000_00), auction()
    stake = Stake(given.pk, given.lender_id, request.pk, 1_000_00)
    place_round_offers(round_id=1, stakes=[stake], at=AT, rates={request.pk: Decimal("0.0705")})
    request.refresh_from_db()
    assert request.annual_rate == request.floor_rate == Decimal("0.0705")
    assert request.status == RequestStatus.FILLED


@pytest.mark.parametrize("price", ["0.0595", "0.0905"])
def test_a_price_beyond_the_rates_of_the_auction_falls_back(price: str) -> None:
    given, request = mandate(cash_cents=1_000_00), auction()
    stake = Stake(given.pk, given.lender_id, request.pk, 1_000_00)
    result = place_round_offers(
        round_id=1, stakes=[stake], at=AT, rates={request.pk: Decimal(price)}
    )
    assert result.fallen == {request.pk: "price_out_of_band"}
    assert not Offer.objects.exists()


def test_a_fixed_rate_takes_no_price() -> None:
    given, request = mandate(cash_cents=1_000_00), listed_request(amount_cents=1_000_00)
    stake = Stake(given.pk, given.lender_id, request.pk, 1_000_00)
    rates = {request.pk: Decimal("0.08")}
    result = place_round_offers(round_id=1, stakes=[stake], at=AT, rates=rates)
    assert result.fallen == {request.pk: "price_out_of_band"}


def test_two_stakes_of_one_lender_in_one_request_are_refused_by_the_table() -> None:
    lender = people.lender(cash_cents=500_00)
    given = [mandate(lender=lender), mandate(lender=lender)]
    request = listed_request(amount_cents=1_000_00)
    stakes = [Stake(one.pk, lender.pk, request.pk, 25_00) for one in given]
    with pytest.raises(IntegrityError), transaction.atomic():
        place_round_offers(round_id=1, stakes=stakes, at=AT)
    assert_money("ledger", "lending")
