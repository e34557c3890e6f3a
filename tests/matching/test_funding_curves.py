"""Curves of auctions and of requests that take a part: the engine finds price and sum."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from lending.choices import LISTING_DAYS, PriceRule
from lending.domain.pricing import PriceBand, price
from lending.states import RequestStatus
from matching.selectors.funding_curves import Asked, asked_of, curve_of_request, funding_curve
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid
from tests.matching.world import booked, on_market

pytestmark = pytest.mark.django_db

STEP = Decimal("0.0005")
AUCTION = Asked(1_000_00, 36, "car", "C", price_rule=PriceRule.AUCTION)
PART = Asked(1_000_00, 36, "car", "C", least_cents=700_00)


@pytest.fixture
def band() -> PriceBand:
    """Two lenders: one half from ten steps above the lowest rate on, the rest from the posted."""
    found = price("C", 36)
    mandate(cash_cents=500_00, min_rate=found.floor + 10 * STEP)
    mandate(cash_cents=600_00, max_per_loan_cents=600_00, min_rate=found.posted)
    return found


def test_the_rates_of_an_auction_are_caps_below_which_the_engine_finds_the_price(
    band: PriceBand,
) -> None:
    curve = funding_curve(AUCTION, at=AT, rate=band.ceiling)

    assert [point.rate for point in curve.points][:: len(curve.points) - 1] == [
        band.floor,
        band.ceiling,
    ]
    for point in curve.points:
        is_enough = point.rate >= band.posted
        assert (point.filled, point.parts) == (int(is_enough), 0)
        assert point.price == (band.posted if is_enough else None)
        assert point.likely_cents == (1_000_00 if is_enough else None)
    assert curve.here.price == band.posted < curve.rate
    assert curve.here.likely_day == 4  # not before mandates may hold all of it


def test_the_price_of_the_curve_is_the_one_that_a_round_then_finds(band: PriceBand) -> None:
    own = on_market(
        1_000_00,
        price_rule=PriceRule.AUCTION,
        annual_rate=band.ceiling,
        floor_rate=band.floor,
    )
    curve = curve_of_request(own.borrower, own.pk, at=AT)

    booked()

    own.refresh_from_db()
    assert curve is not None
    assert own.status == RequestStatus.FILLED
    assert own.annual_rate == curve.here.price == band.posted


def test_a_spread_auction_costs_what_twice_the_offers_cost(band: PriceBand) -> None:
    mandate(cash_cents=900_00, max_per_loan_cents=900_00, min_rate=band.posted + 4 * STEP)
    pure, spread = (
        funding_curve(replace(AUCTION, price_rule=rule), at=AT, rate=band.ceiling).here
        for rule in (PriceRule.AUCTION, PriceRule.AUCTION_SPREAD)
    )
    assert pure.price == band.posted
    assert spread.price == band.posted + 4 * STEP


def test_a_fixed_rate_is_its_own_price(band: PriceBand) -> None:
    curve = funding_curve(replace(AUCTION, price_rule=PriceRule.FIXED), at=AT, rate=band.ceiling)
    filled = [point for point in curve.points if point.filled]
    assert filled
    assert all(point.price == point.rate for point in filled)


def test_a_part_that_is_enough_counts_when_the_deadline_comes() -> None:
    mandate(cash_cents=800_00, max_per_loan_cents=800_00)

    enough, too_little, all_of_it = (
        funding_curve(replace(PART, least_cents=least), at=AT).here
        for least in (800_00, 825_00, None)
    )

    assert (enough.filled, enough.parts, enough.likely_cents) == (1, 1, 800_00)
    assert enough.likely_day == enough.latest_day == LISTING_DAYS
    assert (too_little.filled, too_little.parts, too_little.likely_cents) == (0, 0, None)
    assert all_of_it.filled == 0


def test_the_whole_is_no_part() -> None:
    mandate(cash_cents=1_000_00, max_per_loan_cents=1_000_00)
    here = funding_curve(PART, at=AT).here
    assert (here.filled, here.parts, here.likely_cents, here.likely_day) == (1, 0, 1_000_00, 4)


def test_bids_by_hand_count_towards_the_part_of_a_listed_request() -> None:
    own = on_market(1_000_00, least_percent=70)
    bid(people.lender(cash_cents=500_00), own, 500_00)
    own.refresh_from_db()
    assert asked_of(own).least_cents == 200_00
    bid(people.lender(cash_cents=250_00), own, 250_00)
    own.refresh_from_db()
    assert asked_of(own).least_cents == 0

    curve = curve_of_request(own.borrower, own.pk, at=AT)

    assert curve is not None
    assert (curve.here.filled, curve.here.parts, curve.here.likely_cents) == (1, 1, 0)
