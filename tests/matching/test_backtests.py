"""Mandates tried on past rounds, and the curve of a borrower's chances."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.utils import translation

from accounts.models import User
from core.errors import NotFound
from lending.domain.pricing import price
from lending.models import Mandate, Offer
from lending.services.mandate_data import MandateData
from matching.engine.backtest import Order, PastRound, try_order
from matching.engine.changed import without_borrower, without_lender
from matching.engine.problem import GRADES
from matching.engine.snapshot import market_bytes
from matching.engine.solve import decide
from matching.engine.wishes import Filling, Wish, filling
from matching.selectors.backtests import USUAL_CENTS, backtest, cash_to_try
from matching.selectors.funding_curves import (
    Asked,
    asked_of,
    curve_of_public_request,
    curve_of_request,
    funding_curve,
)
from matching.selectors.history import history
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.matching.markets import small_market
from tests.matching.rounds import solved
from tests.matching.world import OLD, booked, on_market
from tests.web.conftest import queries_of

COUNT = 60


def past_rounds() -> list[PastRound]:
    """Small hostile markets, a week apart."""
    days = [AT + timedelta(days=7 * number) for number in range(COUNT)]
    return [
        PastRound(at, at.date(), number, small_market(number)) for number, at in enumerate(days)
    ]


def order(**changes: object) -> Order:
    """An order that takes everything, EUR 500 a loan."""
    told: dict[str, object] = {
        "grades": frozenset(),
        "terms": frozenset(),
        "purposes": frozenset(),
        "max_per_loan_cents": 500_00,
        "max_per_borrower_cents": 1_000_00,
    }
    return Order(**(told | changes))  # type: ignore[arg-type]


def test_a_trial_keeps_to_cash_budget_rooms_and_limits() -> None:
    rooms = tuple(300_00 if grade in "AB" else 10_000_00 for grade in GRADES)
    wanted = order(budget_cents=3_000_00, room_cents=rooms, max_per_loan_cents=200_00)

    trial = try_order(past_rounds(), wanted, 5_000_00)

    assert 0 < trial.placed_cents <= 3_000_00
    for grade in "AB":
        assert sum(one.amount_cents for one in trial.stakes if one.grade == grade) <= 300_00
    by_request: dict[tuple[object, int], int] = {}
    for stake in trial.stakes:
        by_request[stake.on, stake.request_id] = stake.amount_cents
    assert max(by_request.values()) <= 200_00


def test_a_trial_gets_what_a_round_that_explains_itself_would_give() -> None:
    for result in solved(300):
        plain = decide(result.market, result.seed, is_explained=False)
        for name in ("mandates", "requests", "units", "last", "level", "before_cents"):
            assert (getattr(plain.stakes, name) == getattr(result.stakes, name)).all()
        for name in ("rate", "outcome", "owed_cents", "placed_cents"):
            assert (getattr(plain, name) == getattr(result, name)).all()
        assert not plain.skipped and not plain.stakes.reason.any()


def test_a_trial_leaves_the_stored_rounds_as_they_are() -> None:
    rounds = past_rounds()[:10]
    before = [market_bytes(one.market) for one in rounds]

    try_order(rounds, order(), 5_000_00)

    assert [market_bytes(one.market) for one in rounds] == before


def test_more_money_never_places_less_and_all_of_little_is_placed() -> None:
    rounds = past_rounds()
    placed = [try_order(rounds, order(), cents).placed_cents for cents in (100_00, 50_000_00)]
    assert placed[0] == 100_00
    assert placed[1] >= placed[0]
    assert try_order(rounds, order(), 100_00).full_on is not None


def test_what_refuses_is_told_and_lifting_it_lets_the_order_lend() -> None:
    rounds = past_rounds()
    picky = order(grades=frozenset("A"), max_rate=1)

    trial = try_order(rounds, picky, 5_000_00)
    wide = try_order(rounds, order(), 5_000_00)

    assert trial.placed_cents == 0
    assert all(sight.refused for sight in trial.sights)
    assert {sight.refused for sight in wide.sights} == {0}


def test_without_a_person_nothing_of_theirs_is_left() -> None:
    market = small_market(7)
    lender, borrower = int(market.lenders.ids[0]), int(market.requests.borrower_ids[0])

    fewer, other = without_lender(market, lender), without_borrower(market, borrower)

    assert lender not in fewer.lenders.ids
    assert lender not in fewer.mandates.lender_ids
    assert lender not in fewer.exposures.lender_ids
    assert borrower not in other.requests.borrower_ids
    assert np.isin(other.offers.other_ids, other.requests.ids).all()


def test_a_wish_is_filled_by_those_who_have_enough_and_not_below_their_rate() -> None:
    market = small_market(3)
    some = market.mandates
    rate, purpose = int(some.max_rate.max()), market.purposes[0]

    def filled(amount_cents: int, asked_rate: int) -> Filling | None:
        wish = Wish(amount_cents, "A", market.terms[0], purpose, 1, asked_rate, 0)
        rounds = [PastRound(AT, AT.date(), 0, market)]
        return filling(rounds, wish, listed_at=AT, days=14, share=lambda *_: 100)

    assert filled(10_000_000_00, rate) is None
    assert filled(1_000_00, -1) is None


def lender_with_rounds() -> User:
    """A lender without mandates beside two rounds in which others lent."""
    for _ in range(2):
        mandate(cash_cents=3_000_00)
    on_market(1_000_00, grade="C")
    booked()
    on_market(1_000_00, grade="A", annual_rate=Decimal("0.05"), at=AT + timedelta(days=9))
    booked(at=OLD + timedelta(days=9))
    return people.lender(cash_cents=2_000_00)


def data(**changes: object) -> MandateData:
    """A mandate that takes everything."""
    told: dict[str, object] = {
        "name": "Trial",
        "max_per_loan_cents": 200_00,
        "max_per_borrower_cents": 200_00,
    }
    return MandateData(**(told | changes))  # type: ignore[arg-type]


LATER = OLD + timedelta(days=20)


@pytest.mark.django_db
def test_a_backtest_tells_what_was_taken_and_books_nothing() -> None:
    person = lender_with_rounds()
    before = (Mandate.objects.count(), Offer.objects.count())

    found = backtest(person, data(), at=LATER, cash_cents=2_000_00)

    assert (found.rounds, found.total_rounds, found.coverage) == (2, 2, 1.0)
    assert (found.requests, found.matched) == (2, 2)
    assert found.placed_cents == sum(week.placed_cents for week in found.weeks) > 0
    assert found.stakes == sum(week.stakes for week in found.weeks)
    assert found.left_cents == 2_000_00 - found.placed_cents
    assert found.costs == []
    assert found.expected is not None
    assert found.expected.low_rate >= Decimal("0.05")
    assert found.expected.net_low <= found.expected.net <= found.expected.net_high
    assert found.expected.loss_low <= found.expected.loss <= found.expected.loss_high
    assert found.forecast.is_thin
    assert (Mandate.objects.count(), Offer.objects.count()) == before


@pytest.mark.django_db
def test_a_backtest_names_the_filter_that_costs_most() -> None:
    person = lender_with_rounds()

    found = backtest(person, data(grades=("A",)), at=LATER, cash_cents=2_000_00)

    assert (found.requests, found.matched, found.refused) == (2, 1, {"grade": 1})
    cost = found.costs[0]
    assert (cost.name, cost.requests, cost.cents) == ("grade", 1, 1_000_00)
    assert cost.placed_cents is not None
    assert cost.placed_cents > found.placed_cents
    with translation.override("en"):
        assert cost.words == "its grade"


@pytest.mark.django_db
def test_the_own_mandates_do_not_stand_in_the_way_of_what_is_tried() -> None:
    own = mandate(cash_cents=3_000_00, max_per_loan_cents=1_000_00)
    on_market(1_000_00)
    booked()

    found = backtest(own.lender, data(max_per_loan_cents=1_000_00), at=LATER, cash_cents=800_00)

    assert found.placed_cents == 0
    assert found.matched == 1


@pytest.mark.django_db
def test_without_a_history_a_backtest_says_so() -> None:
    person = people.lender()

    found = backtest(person, data(), at=AT, cash_cents=100_00)

    assert (found.rounds, found.requests, found.weeks, found.forecast.days) == (0, 0, [], [])
    assert (found.expected, found.full_on) == (None, None)


@pytest.mark.django_db
def test_a_backtest_asks_no_more_of_the_database_when_there_are_more_rounds() -> None:
    person = lender_with_rounds()
    few = queries_of(lambda: backtest(person, data(), at=LATER, cash_cents=1_000_00))
    for number in range(3):
        on_market(1_000_00, at=AT + timedelta(days=14 + number))
        booked(at=OLD + timedelta(days=14 + number))
    many = queries_of(lambda: backtest(person, data(), at=LATER, cash_cents=1_000_00))
    assert history(since=AT, until=LATER).total == 5
    assert many <= few


@pytest.mark.django_db
def test_free_cash_is_tried_else_a_usual_amount_and_never_more_than_the_budget() -> None:
    rich, poor = people.lender(cash_cents=9_000_00), people.lender(cash_cents=50_00)
    assert cash_to_try(rich, data(reserve_cents=1_000_00)) == 8_000_00
    assert cash_to_try(poor, data()) == USUAL_CENTS
    assert cash_to_try(rich, data(budget_cents=300_00)) == 300_00


@pytest.mark.django_db
def test_the_chance_grows_where_the_rate_reaches_a_lenders_lowest() -> None:
    band = price("C", 36)
    mandate(cash_cents=5_000_00, max_per_loan_cents=2_000_00, min_rate=band.posted)

    curve = funding_curve(Asked(1_000_00, 36, "car", "C"), at=AT)

    assert curve.points[0].rate == band.floor
    assert curve.points[-1].rate == band.ceiling
    for point in curve.points:
        assert (point.filled, point.trials) == (int(point.rate >= band.posted), 1)
        assert point.now is (point.rate >= band.posted)
    assert curve.here.rate == band.posted
    assert curve.here.likely_day == 4
    assert curve.is_thin


@pytest.mark.django_db
def test_the_curve_of_a_request_is_its_borrowers_alone() -> None:
    mandate(cash_cents=5_000_00, max_per_loan_cents=2_000_00)
    own = on_market(1_000_00)

    curve = curve_of_request(own.borrower, own.pk, at=AT)

    assert curve is not None
    assert curve.asked == asked_of(own)
    assert curve.rate == own.annual_rate
    assert curve_of_public_request(own.borrower, own.public_id, at=AT).points == curve.points
    for stranger in (people.borrower(), people.lender()):
        with pytest.raises(NotFound):
            curve_of_request(stranger, own.pk, at=AT)
        with pytest.raises(NotFound):
            curve_of_public_request(stranger, own.public_id, at=AT)


@pytest.mark.django_db
def test_past_starts_count_too() -> None:
    mandate(cash_cents=5_000_00, max_per_loan_cents=2_000_00)
    on_market(1_000_00, grade="A")
    booked()

    curve = funding_curve(Asked(500_00, 36, "car", "C"), at=OLD + timedelta(days=10))

    assert curve.past >= 1
    assert curve.here.trials == curve.past + 1
