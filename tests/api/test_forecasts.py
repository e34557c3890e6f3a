"""Mandates tried on the past, and curves, through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from lending.models import Mandate, Offer
from tests.api.conftest import client_of, fields
from tests.factories import people
from tests.factories.mandates import mandate
from tests.matching.world import OLD, booked, on_market

pytestmark = pytest.mark.django_db

TRY = "/api/v1/mandates/backtest"
PLAIN = {"max_per_loan_cents": 100_00, "max_per_borrower_cents": 100_00}


@pytest.fixture
def past() -> None:
    """A round in which another lender filled a request."""
    mandate(cash_cents=3_000_00, max_per_loan_cents=2_000_00)
    on_market(1_000_00)
    booked()
    clock.set_business_date(clock.day_of(OLD + timedelta(days=7)), is_virtual=True)


def test_a_mandate_is_tried_and_nothing_is_written(past: None) -> None:
    before = (Mandate.objects.count(), Offer.objects.count())
    client = client_of(people.lender(cash_cents=500_00))

    answer = client.post(TRY, {**PLAIN, "cash_cents": 300_00}, format="json")

    told: dict[str, Any] = answer.json()
    assert answer.status_code == 200
    assert (told["rounds"], told["requests"], told["matched"], told["staked"]) == (1, 1, 1, 1)
    assert told["placed_cents"] == sum(week["placed_cents"] for week in told["weeks"]) == 100_00
    assert told["cash_cents"] == 300_00
    assert told["expected"]["mean_rate"] == "0.08000"
    assert told["forecast"] == {"days": [None], "typical": None, "history_days": 0, "is_thin": True}
    assert (Mandate.objects.count(), Offer.objects.count()) == before


def test_the_dearest_filter_is_named(past: None) -> None:
    client = client_of(people.lender())
    told = client.post(TRY, {**PLAIN, "grades": ["A"]}, format="json").json()
    assert told["refused"] == {"grade": 1}
    assert told["expected"] is None
    assert told["costs"] == [
        {
            "name": "grade",
            "requests": 1,
            "cents": 1_000_00,
            "placed_cents": 100_00,
            "full_on": None,
        }
    ]


def test_what_no_mandate_may_say_is_refused() -> None:
    client = client_of(people.lender())
    odd = client.post(TRY, {**PLAIN, "cash_cents": 1, "grade": "A"}, format="json")
    rule = client.post(TRY, {**PLAIN, "min_rate": "0.9"}, format="json")
    assert (odd.status_code, set(fields(odd))) == (400, {"cash_cents", "grade"})
    assert (rule.status_code, set(fields(rule))) == (422, {"min_rate"})
    assert rule["Content-Type"] == "application/problem+json"


def test_trials_are_for_lenders_and_curves_for_the_requests_borrower() -> None:
    own = on_market(1_000_00)
    curve = f"/api/v1/market/requests/{own.public_id}/funding-curve"

    assert client_of().post(TRY, PLAIN, format="json").status_code == 401
    assert client_of(people.borrower()).post(TRY, PLAIN, format="json").status_code == 403
    assert client_of().get(curve).status_code == 401
    assert client_of(people.lender()).get(curve).status_code == 403
    assert client_of(people.borrower()).get(curve).status_code == 404


def test_a_borrower_reads_the_curve_of_the_own_request() -> None:
    mandate(cash_cents=3_000_00, max_per_loan_cents=2_000_00)
    own = on_market(1_000_00)

    told = (
        client_of(own.borrower).get(f"/api/v1/market/requests/{own.public_id}/funding-curve").json()
    )

    assert (told["rate"], told["amount_cents"], told["trials"]) == ("0.08000", 1_000_00, 1)
    rates = [point["rate"] for point in told["points"]]
    assert rates == sorted(rates)
    assert {point["filled"] for point in told["points"]} == {1}
