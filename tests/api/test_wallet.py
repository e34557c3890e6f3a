"""Balances and statements."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from core import clock
from lending.services.offers import revoke_offer
from tests.api.conftest import client_of, fields
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def lender() -> User:
    """100 euros paid in, 25 of them bid, 50 bid and revoked."""
    clock.set_business_date(clock.day_of(AT), is_virtual=True)
    person, wanted = people.lender(cash_cents=100_00), listed_request()
    bid(person, wanted, 25_00)
    revoke_offer(lender=person, offer_id=bid(person, wanted, 50_00).pk, at=AT)
    return person


def lines(lender: User, query: str = "") -> list[dict[str, Any]]:
    """The statement's lines."""
    return client_of(lender).get(f"/api/v1/wallet/entries{query}").json()["results"]


def test_balances_are_those_of_the_ledger(lender: User) -> None:
    assert client_of(lender).get("/api/v1/wallet").json() == {
        "cash_cents": 75_00,
        "withdrawable_cents": 75_00,
        "reserved_cents": 25_00,
        "invested_cents": 0,
        "in_transit_out_cents": 0,
        "owed_cents": 0,
        "total_cents": 100_00,
    }


def test_the_statement_tells_each_move_with_the_balance_after_it(lender: User) -> None:
    told = lines(lender)
    assert [(line["reason"], line["amount_cents"], line["balance_cents"]) for line in told] == [
        ("released", 50_00, 75_00),
        ("reserved", -50_00, 25_00),
        ("reserved", -25_00, 75_00),
        ("pay_in", 100_00, 100_00),
    ]
    assert told[0]["title"] == "A used estate car"
    assert told[-1]["title"] is told[-1]["request"] is told[-1]["loan_number"] is None


def test_each_account_has_a_statement_of_its_own(lender: User) -> None:
    assert [line["balance_cents"] for line in lines(lender, "?account=reserved")] == [
        25_00,
        75_00,
        25_00,
    ]
    assert lines(lender, "?account=invested") == []
    answer = client_of(lender).get("/api/v1/wallet/entries?account=provider")
    assert (answer.status_code, fields(answer)) == (400, {"account": "invalid_choice"})


def test_pages_of_a_statement_keep_the_balance(lender: User) -> None:
    client = client_of(lender)
    first = client.get("/api/v1/wallet/entries?page_size=1").json()
    second = client.get(first["next"]).json()
    assert second["results"] == lines(lender)[1:2]


def test_the_words_are_the_callers(lender: User) -> None:
    german = client_of(lender, **{"Accept-Language": "de"})
    answer = german.get("/api/v1/wallet/entries?page_size=1")
    assert answer.headers["Content-Language"] == "de"
    assert answer.json()["results"][0]["reason"] == "released"


def test_a_borrower_sees_the_loan_arrive_and_go(lender: User) -> None:
    loan = loans.loan()
    loans.pay_instalments(loan, 1)
    reasons = [line["reason"] for line in lines(loan.borrower)]
    assert {"collected", "principal_paid", "interest_paid"} == set(reasons)
    arrived = lines(loan.borrower, "?account=in_transit_out")
    assert arrived[0]["loan_number"] == loan.number
    assert arrived[0]["amount_cents"] == loan.principal_cents - loan.fee_cents


def test_a_statement_takes_as_many_queries_for_three_lines_as_for_one(
    django_assert_max_num_queries: Any,
) -> None:
    bidder, counts = people.lender(cash_cents=75_00), []
    client = client_of(bidder)
    for lines_so_far in (1, 3):
        while len(lines(bidder, "?account=reserved")) < lines_so_far:
            bid(bidder, listed_request(), 25_00)
        with django_assert_max_num_queries(9) as captured:
            client.get("/api/v1/wallet/entries?account=reserved")
        counts.append(len(captured))
    assert counts[0] == counts[1]
