"""The market's record by API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.core.cache import cache

from core import clock
from lending.selectors.statistics import market_record
from tests.api.conftest import client_of
from tests.factories import loans

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """The record is worked out anew in each test."""
    cache.clear()
    yield
    cache.clear()


def test_everyone_may_read_the_record_without_a_token() -> None:
    loans.pay_instalments(loans.loan(grade="B", term_months=12), 6)
    clock.set_business_date(date(2027, 4, 2), is_virtual=True)
    answer = client_of(None).get("/api/v1/statistics")
    assert answer.status_code == 200
    told, record = answer.json(), market_record(date(2027, 4, 1))
    assert (told["on"], told["since"]) == ("2027-04-01", "2026-01-05")
    assert told["totals"]["lent_cents"] == record.totals.lent_cents
    assert [row["grade"] for row in told["grades"]] == list("ABCDEFGH")
    b = told["grades"][1]
    assert b["default_rate"]["mean"] == "0.00000"
    assert b["default_rate"]["windows"] == [
        {"from_on": "2026-04-02", "to_on": "2027-04-01", "defaulted": 0, "at_start": 1}
    ]
    assert (b["expected"], b["least"], b["most"], b["is_as_expected"]) == ("0.02900", 0, 1, True)
    (cohort,) = told["cohorts"]
    assert (cohort["quarter"], len(cohort["curve"])) == ("2026-Q1", 14)
    assert cohort["returns"]["low"] < cohort["returns"]["fair"] < cohort["returns"]["high"]
    assert cohort["funding"]["hand_cents"] == record.totals.lent_cents


def test_an_empty_market_is_told_as_well() -> None:
    told = client_of(None).get("/api/v1/statistics").json()
    assert (told["since"], told["cohorts"], told["default_rate"]["mean"]) == (None, [], None)
    assert told["totals"]["loans"] == 0
