"""The market as it is read from the tables."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.clock import day_of
from lending.models import LoanRequest, Offer
from lending.services.mandates import pause_mandate
from lending.services.offers import revoke_offer
from matching.engine.explain import Filter, refusals, refused_traits
from matching.engine.problem import ANY_NET_RATE, GRADES, NO_LIMIT, Market
from matching.models import LenderCarry, MatchRound
from matching.selectors.market import mandates_share, market_now
from tests.factories import loans, people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

pytestmark = pytest.mark.django_db


def seen(*, days: int = 0) -> Market:
    at = AT + timedelta(days=days)
    return market_now(on=day_of(at), at=at)


def test_a_request_shows_what_is_missing_its_price_and_its_deadline() -> None:
    request = listed_request(
        amount_cents=2_000_00, annual_rate=Decimal("0.07255"), grade="D", affordability_mark=3
    )
    bid(people.lender(cash_cents=500_00), request, 500_00)

    table = seen(days=1).requests

    assert table.ids.tolist() == [request.pk]
    assert table.borrower_ids.tolist() == [request.borrower_id]
    assert table.amount_cents.tolist() == [1_500_00]
    assert table.rate.tolist() == [7_255]
    assert (table.grade.tolist(), table.mark.tolist()) == ([3], [3])
    assert table.deadline_day.tolist() == [13]


@pytest.mark.parametrize(("days", "room_cents"), [(0, 1_000_00), (2, 1_500_00), (4, 2_000_00)])
def test_mandates_may_hold_a_share_that_grows_with_the_age_of_the_request(
    days: int, room_cents: int
) -> None:
    listed_request(amount_cents=2_000_00)

    assert seen(days=days).requests.robot_room_cents.tolist() == [room_cents]


def test_the_share_of_mandates_changes_exactly_when_a_day_is_full() -> None:
    almost = timedelta(days=2) - timedelta(microseconds=1)
    assert mandates_share(AT + almost, listed_at=AT) == 50
    assert mandates_share(AT + timedelta(days=2), listed_at=AT) == 75


def test_only_open_requests_within_their_deadline_are_seen() -> None:
    listed_request()
    loans.signed_request(shares_cents=[1_000_00])

    assert len(seen(days=14).requests.ids) == 1
    assert len(seen(days=15).requests.ids) == 0


def test_a_mandate_without_filters_takes_every_word_of_the_market() -> None:
    mandate(cash_cents=500_00, name="all")
    mandate(cash_cents=500_00, terms=[12, 24], purposes=["house"], grades=["A", "C"], max_mark=2)
    listed_request(term_months=36, purpose="car")

    market = seen()

    assert (market.terms, market.purposes) == ((12, 24, 36), ("car", "house"))
    assert market.mandates.terms.tolist() == [[True] * 3, [True, True, False]]
    assert market.mandates.purposes.tolist() == [[True] * 2, [False, True]]
    assert market.mandates.grades[1].tolist() == [grade in "AC" for grade in GRADES]
    assert market.mandates.max_mark.tolist() == [5, 2]
    assert market.mandates.max_rate.tolist() == [1_000_000] * 2


def test_cash_is_seen_without_the_largest_reserve_and_never_below_nothing() -> None:
    lender = people.lender(cash_cents=800_00)
    mandate(lender=lender, reserve_cents=100_00)
    mandate(lender=lender, reserve_cents=300_00)
    mandate(cash_cents=100_00, reserve_cents=400_00)

    assert seen().lenders.cash_cents.tolist() == [500_00, 0]


def test_paused_and_ended_mandates_and_lenders_switched_off_are_not_seen() -> None:
    paused, off = mandate(cash_cents=500_00), mandate(cash_cents=500_00)
    last_day = AT.date() + timedelta(days=1)
    mandate(cash_cents=500_00, end_on=last_day)
    pause_mandate(lender=paused.lender, mandate_id=paused.pk, at=AT)
    User.objects.filter(pk=off.lender_id).update(is_active=False)

    assert len(seen(days=1).mandates.ids) == 1
    assert len(seen(days=2).mandates.ids) == 0


def test_budget_and_room_count_what_the_mandate_placed_before() -> None:
    lender = people.lender(cash_cents=5_000_00)
    limited = mandate(
        lender=lender, budget_cents=1_000_00, max_per_grade_cents={"C": 400_00, "A": 100_00}
    )
    given = bid(lender, listed_request(), 150_00)
    type(given).objects.filter(pk=given.pk).update(source="mandate", mandate=limited)

    table = seen().mandates

    assert table.budget_cents.tolist() == [850_00]
    rooms = dict(zip(GRADES, table.room_cents[0].tolist(), strict=True))
    assert (rooms["A"], rooms["B"], rooms["C"]) == (100_00, NO_LIMIT, 250_00)


def test_what_was_repaid_makes_room_in_the_grade_but_not_in_the_budget() -> None:
    lender = people.lender()
    limited = mandate(lender=lender, budget_cents=4_000_00, max_per_grade_cents={"C": 3_000_00})
    running = loans.loan(shares_cents=[2_000_00], lenders=[lender])
    running.request.offers.update(source="mandate", mandate=limited)
    loans.pay_instalments(running, 3)
    (holding,) = running.holdings.all()

    table = seen().mandates

    assert table.budget_cents.tolist() == [2_000_00]
    assert table.room_cents[0, 2] == 3_000_00 - holding.outstanding_cents


def test_open_bids_count_for_the_borrower_and_for_the_request() -> None:
    lender = people.lender(cash_cents=900_00)
    mandate(lender=lender)
    request = listed_request()
    bid(lender, request, 100_00)
    revoked = bid(lender, request, 200_00)
    revoke_offer(lender=lender, offer_id=revoked.pk, at=AT)

    market = seen()

    pair = (market.offers.lender_ids.tolist(), market.offers.other_ids.tolist())
    assert pair == ([lender.pk], [request.pk])
    assert market.offers.cents.tolist() == [100_00]
    assert market.exposures.other_ids.tolist() == [request.borrower_id]
    assert market.exposures.cents.tolist() == [100_00]


def test_a_running_loan_counts_for_the_borrower_with_what_is_outstanding() -> None:
    lender = people.lender()
    mandate(lender=lender)
    running = loans.loan(shares_cents=[2_000_00], lenders=[lender])
    loans.pay_instalments(running, 1)
    listed_request(borrower=running.borrower)

    assert seen().exposures.cents.tolist() == [running.holdings.get().outstanding_cents]


def test_idle_days_count_calendar_days_since_money_was_last_placed() -> None:
    placed, waiting = people.lender(cash_cents=500_00), people.lender(cash_cents=500_00)
    for lender in (placed, waiting):
        mandate(lender=lender)
    bid(placed, listed_request(), 100_00, at=AT + timedelta(days=3))

    assert seen(days=5).lenders.idle_days.tolist() == [2, 5]


def test_what_earlier_rounds_owe_is_seen() -> None:
    owner = mandate(cash_cents=500_00).lender
    earlier = MatchRound.objects.create(rule_version="1", seed_commitment="0", opened_at=AT)
    LenderCarry.objects.create(lender=owner, owed_cents=-12_34, round=earlier)

    assert seen().lenders.owed_cents.tolist() == [-12_34]


def test_an_empty_house_has_an_empty_market() -> None:
    market = seen()

    assert not len(market.lenders.ids) and not len(market.requests.ids)
    assert np.array_equal(market.mandates.room_cents, np.zeros((0, len(GRADES)), np.int64))


def test_the_number_of_queries_does_not_grow_with_the_market() -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as context:
            seen()
        return len(context)

    mandate(cash_cents=500_00)
    listed_request()
    few = queries()
    for _ in range(3):
        mandate(cash_cents=500_00)
        listed_request()

    assert queries() == few
    assert LoanRequest.objects.count() == 4


def test_a_slice_is_kept_for_bids_by_hand(settings: Any) -> None:
    settings.HAND_SLICE_PERCENT = 20
    listed_request(amount_cents=2_000_00)
    assert seen(days=0).requests.robot_room_cents.tolist() == [1_000_00]
    assert seen(days=5).requests.robot_room_cents.tolist() == [1_600_00]


def test_an_auction_and_a_part_are_seen_as_such() -> None:
    listed_request(price_rule="spread", floor_rate=Decimal("0.05"), annual_rate=Decimal("0.08"))
    part = listed_request(amount_cents=2_000_00, least_percent=75)
    bid(people.lender(cash_cents=500_00), part, 500_00)

    table = seen().requests

    assert table.floor_rate.tolist() == [5_000, 8_000]
    assert table.coverage.tolist() == [2_000, 1_000]
    assert table.least_cents.tolist() == [5_000_00, 1_000_00]


def test_what_a_part_still_needs_is_at_least_a_share() -> None:
    part = listed_request(amount_cents=1_000_00, least_percent=70)
    bid(people.lender(cash_cents=900_00), part, 900_00)
    assert seen().requests.least_cents.tolist() == [25_00]


def test_traits_are_seen_and_refused_by_the_mandates_that_say_so() -> None:
    mandate(cash_cents=500_00, max_amount_cents=2_500_00, no_late_payers=True)
    mandate(cash_cents=500_00, min_net_rate=Decimal("0.03"), preferred_stake_cents=100_00)
    listed_request(amount_cents=2_500_00)
    listed_request(amount_cents=5_000_00)

    market = seen()
    refused = refusals(market, np.arange(2), np.arange(2))

    assert refused.tolist() == [[0, Filter.TRAIT], [0, 0]]
    assert refused_traits(market, 0, 1) == ("amount:4",)
    assert market.mandates.preferred_stake_cents.tolist() == [0, 100_00]
    assert market.mandates.min_net_rate.tolist() == [ANY_NET_RATE, 3_000]


@pytest.mark.parametrize(
    ("reinvest", "left_cents"),
    [("nothing", 500_00), ("principal", 700_00), ("interest", 530_00), ("all", 730_00)],
)
def test_what_comes_back_refills_the_budget_as_the_mandate_says(
    reinvest: str, left_cents: int
) -> None:
    lender = people.lender(cash_cents=500_00)
    own = mandate(lender=lender, budget_cents=1_500_00, reinvest=reinvest)
    loan = loans.loan(shares_cents=[1_000_00])
    Offer.objects.filter(request=loan.request).update(source="mandate", mandate=own, lender=lender)
    loan.holdings.update(lender=lender, outstanding_cents=800_00, interest_cents=30_00)

    assert seen().mandates.budget_cents.tolist() == [left_cents]
