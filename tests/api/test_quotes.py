"""The public calculator: the domain's figures, and strict about what it takes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core.clock import set_business_date
from lending.domain.pricing import price
from lending.domain.quote import quote
from tests.api.conftest import client_of, fields

pytestmark = pytest.mark.django_db

TERMS: dict[str, Any] = {
    "amount_cents": 1_000_000,
    "annual_rate": "0.08",
    "term_months": 36,
    "disbursed_on": "2026-01-01",
    "first_due_on": "2026-02-01",
    "fee_rate": "0.025",
}


def ask(**changes: Any) -> Any:
    """The answer to TERMS with changes; None leaves a field out."""
    given = {name: value for name, value in (TERMS | changes).items() if value is not None}
    return client_of().post("/api/v1/quotes", given)


def test_quote_is_the_domains_to_the_cent() -> None:
    told = ask().json()
    known = quote(
        1_000_000, Decimal("0.08"), 36, date(2026, 1, 1), date(2026, 2, 1), Decimal("0.025")
    )
    assert told["instalment_cents"] == known.instalment_cents == 31_337
    assert told["last_instalment_cents"] == known.last_instalment_cents == 31_310
    assert told["total_payable_cents"] == known.total_payable_cents
    assert told["total_interest_cents"] == known.interest_cents
    assert told["fee_cents"] == known.fee_cents == 25_000
    assert told["payout_cents"] == 975_000
    assert told["apr_percent"] == str(known.apr_percent) == "10.17"
    assert told["apr"] == f"{known.apr:.10f}"
    assert [
        (
            row["number"],
            date.fromisoformat(row["due_on"]),
            row["principal_cents"],
            row["interest_cents"],
        )
        for row in told["schedule"]
    ] == [tuple(part) for part in known.instalments]
    assert told["schedule"][-1]["balance_cents"] == 0


@pytest.mark.parametrize(
    ("amount", "months", "grade"), [("10000", 36, "C"), ("1025", 12, "A"), ("50000", 84, "H")]
)
def test_quote_is_that_of_the_calculator_on_the_page(amount: str, months: int, grade: str) -> None:
    shown = Client().get("/", {"amount": amount, "months": months, "grade": grade}).context["quote"]
    told = client_of().post(
        "/api/v1/quotes",
        {"amount_cents": int(amount) * 100, "term_months": months, "grade": grade},
    )
    assert told.json()["instalment_cents"] == shown.instalment_cents
    assert told.json()["total_payable_cents"] == shown.total_payable_cents
    assert told.json()["fee_cents"] == shown.fee_cents
    assert told.json()["apr_percent"] == str(shown.apr_percent)
    assert told.json()["first_due_on"] == shown.first_due_on.isoformat()


@pytest.mark.parametrize("months", [12, 37, 84])
def test_a_grade_is_quoted_at_its_posted_rate(months: int) -> None:
    told = ask(annual_rate=None, grade="C", term_months=months).json()
    assert told["grade"] == "C"
    assert Decimal(told["annual_rate"]) == price("C", months).posted


def test_what_is_left_out_is_filled_in_from_market_day_and_price_list() -> None:
    set_business_date(date(2026, 3, 20), is_virtual=True)
    told = ask(disbursed_on=None, first_due_on=None, fee_rate=None, due_day=15).json()
    assert told["disbursed_on"] == "2026-03-20"
    assert told["first_due_on"] == "2026-05-15"
    assert told["fee_rate"] == "0.02500"


def test_the_days_before_the_first_month_are_paid_as_chosen() -> None:
    dates = {"disbursed_on": "2026-01-20", "first_due_on": "2026-03-01"}
    left_out, equal, stub = (
        ask(**dates, first_period=chosen).json() for chosen in (None, "equal", "stub")
    )
    assert left_out == equal
    assert (equal["first_instalment_cents"], equal["instalment_cents"]) == (314_13, 314_13)
    assert (stub["first_instalment_cents"], stub["instalment_cents"]) == (337_81, 313_37)
    assert [row["total_cents"] for row in stub["schedule"]] == [337_81] + [313_37] * 34 + [313_10]
    assert (equal["apr"], stub["apr"]) == ("0.1011849481", "0.1012257180")
    assert (equal["first_period"], stub["first_period"]) == ("equal", "stub")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"amount_cents": "1000000"}, {"amount_cents": "invalid"}),
        ({"amount_cents": True}, {"amount_cents": "invalid"}),
        ({"amount_cents": 1_000_000.5}, {"amount_cents": "invalid"}),
        ({"amount_cents": [1]}, {"amount_cents": "invalid"}),
        ({"amount_cents": 10**30}, {"amount_cents": "max_value"}),
        ({"amount_cents": -5}, {"amount_cents": "min_value"}),
        ({"amount_cents": None}, {"amount_cents": "required"}),
        ({"annual_rate": 0.08}, {"annual_rate": "invalid"}),
        ({"annual_rate": "NaN"}, {"annual_rate": "invalid"}),
        ({"annual_rate": "1e309"}, {"annual_rate": "invalid"}),
        ({"annual_rate": "-0.01"}, {"annual_rate": "invalid"}),
        ({"annual_rate": "1.00001"}, {"annual_rate": "invalid"}),
        ({"annual_rate": "0.\uff10\uff18"}, {"annual_rate": "invalid"}),
        ({"annual_rate": "0.08\n"}, {"annual_rate": "invalid"}),
        ({"annual_rate": "0\u0000"}, {"annual_rate": "unstorable_text"}),
        ({"annual_rate": None}, {"annual_rate": "either_or"}),
        ({"grade": "A"}, {"annual_rate": "either_or"}),
        ({"annual_rate": None, "grade": "Z"}, {"grade": "invalid_choice"}),
        ({"annual_rate": None, "grade": {"a": 1}}, {"grade": "invalid_choice"}),
        ({"term_months": 0}, {"term_months": "min_value"}),
        ({"term_months": 121}, {"term_months": "max_value"}),
        ({"term_months": "\uff13\uff16"}, {"term_months": "invalid"}),
        ({"disbursed_on": "2026-W01-1"}, {"disbursed_on": "invalid"}),
        ({"disbursed_on": "2026-02-30"}, {"disbursed_on": "invalid"}),
        ({"disbursed_on": "9999-12-31"}, {"disbursed_on": "out_of_range"}),
        ({"disbursed_on": 20260101}, {"disbursed_on": "invalid"}),
        ({"first_due_on": "2026-01-01"}, {"first_due_on": "out_of_range"}),
        ({"first_due_on": "2027-01-02"}, {"first_due_on": "out_of_range"}),
        ({"due_day": 1}, {"due_day": "either_or"}),
        ({"first_period": "later"}, {"first_period": "invalid_choice"}),
        ({"first_period": True}, {"first_period": "invalid_choice"}),
        ({"fee_rate": "0.6"}, {"fee_rate": "max_value"}),
        ({"amount": 5, "x\u00e4": 1}, {"amount": "unknown_field", "xä": "unknown_field"}),
    ],
)
def test_input_that_cannot_be_right_is_refused_by_field(
    changes: dict[str, Any], named: dict[str, str]
) -> None:
    answer = ask(**changes)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert fields(answer) == named


def test_payments_without_an_annual_rate_are_refused() -> None:
    answer = ask(fee_rate="0.5", first_due_on="2026-01-02", term_months=1)
    assert answer.status_code == 422
    assert fields(answer) == {"first_due_on": "no_apr"}


def test_every_corner_of_the_allowed_range_has_an_answer() -> None:
    for amount_cents in (100_00, 10_000_000_00):
        for rate in ("0", "1"):
            for months in (1, 120):
                answer = ask(
                    amount_cents=amount_cents, annual_rate=rate, term_months=months, fee_rate="0.5"
                )
                assert answer.status_code == 200
                parts = answer.json()["schedule"]
                assert sum(row["principal_cents"] for row in parts) == amount_cents
