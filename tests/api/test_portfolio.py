"""Mandates, holdings and loans: what they show, and at what cost in queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from accounts.models import Role, User
from core import clock
from lending.models import Holding, Instalment, Mandate
from lending.selectors.returns import lender_overview
from lending.services.mandate_data import MandateData
from lending.services.mandates import save_mandate
from lending.states import MandateStatus
from tests.api.conftest import client_of, fields, fresh_key
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

pytestmark = pytest.mark.django_db

ORDER: dict[str, Any] = {
    "name": "Steady",
    "priority": 2,
    "grades": ["A", "B"],
    "terms": [24, 36],
    "purposes": ["car"],
    "min_rate": "0.02",
    "max_rate": "0.10",
    "max_mark": 3,
    "min_stake_cents": 25_00,
    "max_per_loan_cents": 100_00,
    "max_per_borrower_cents": 200_00,
    "max_per_grade_cents": {"A": 5_000_00},
    "reserve_cents": 50_00,
    "budget_cents": 1_000_00,
    "end_on": "2027-01-31",
}


@pytest.fixture(autouse=True)
def market_day(db: None) -> None:
    clock.set_business_date(clock.day_of(AT), is_virtual=True)


@pytest.fixture
def lender() -> User:
    return people.lender()


def write(lender: User, given: Any, key: dict[str, str] | None = None) -> Any:
    """Write a mandate."""
    return client_of(lender).post("/api/v1/mandates", given, headers=key or fresh_key())


def test_a_mandate_comes_back_as_it_was_written(lender: User) -> None:
    answer = write(lender, ORDER)
    assert answer.status_code == 201
    told = answer.json()
    assert {name: told[name] for name in ORDER} == ORDER | {
        "min_rate": "0.02000",
        "max_rate": "0.10000",
    }
    assert told["status"] == MandateStatus.ACTIVE
    assert client_of(lender).get(f"/api/v1/mandates/{told['id']}").json() == told


def test_what_is_left_out_of_a_mandate_takes_everything(lender: User) -> None:
    told = write(
        lender, {"name": "All", "max_per_loan_cents": 25_00, "max_per_borrower_cents": 25_00}
    ).json()
    assert (told["grades"], told["terms"], told["purposes"]) == ([], [], [])
    assert (told["min_rate"], told["budget_cents"], told["end_on"]) == (None, None, None)


def test_writing_a_mandate_twice_under_one_key_writes_one(lender: User) -> None:
    key = fresh_key()
    first, second = write(lender, ORDER, key), write(lender, ORDER, key)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Mandate.objects.count() == 1


def test_a_mandate_is_changed_paused_resumed_and_ended(lender: User) -> None:
    client = client_of(lender)
    path = f"/api/v1/mandates/{write(lender, ORDER).json()['id']}"
    changed = client.put(path, ORDER | {"name": "Bolder", "grades": ["A", "H"]})
    assert (changed.status_code, changed.json()["grades"]) == (200, ["A", "H"])
    steps = ["pause", "pause", "resume", "end", "end"]
    statuses = [client.post(f"{path}/{step}").json()["status"] for step in steps]
    assert statuses == ["paused", "paused", "active", "ended", "ended"]
    assert client.post(f"{path}/resume").json()["code"] == "illegal_transition"
    assert client.put(path, ORDER).status_code == 409
    assert client.get("/api/v1/mandates").json()["results"] == []
    assert len(client.get("/api/v1/mandates?ended=true").json()["results"]) == 1
    assert client.get("/api/v1/mandates?ended=maybe").status_code == 400


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"grades": ["Z"]}, 400, {"grades.0": "invalid_choice"}),
        ({"grades": "A"}, 400, {"grades": "not_a_list"}),
        ({"terms": ["24"]}, 400, {"terms.0": "invalid_choice"}),
        ({"terms": [True]}, 400, {"terms.0": "invalid_choice"}),
        ({"purposes": [{"x": 1}]}, 400, {"purposes.0": "invalid_choice"}),
        ({"min_rate": 0.02}, 400, {"min_rate": "invalid"}),
        ({"max_per_grade_cents": {"Z": 1}}, 400, {"max_per_grade_cents.Z": "unknown_field"}),
        ({"max_per_grade_cents": {"A": "1"}}, 400, {"max_per_grade_cents.A": "invalid"}),
        ({"max_per_loan_cents": None}, 400, {"max_per_loan_cents": "null"}),
        ({"name": ""}, 400, {"name": "blank"}),
        ({"name": 5}, 400, {"name": "invalid"}),
        ({"end_on": "2027-13-01"}, 400, {"end_on": "invalid"}),
        ({"lender": 1}, 400, {"lender": "unknown_field"}),
        ({"end_on": "2020-01-01"}, 422, {"end_on": "too_small"}),
        ({"max_per_loan_cents": 30_00}, 422, {"max_per_loan_cents": "off_step"}),
        ({"max_rate": "0.01"}, 422, {"max_rate": "mandate_invalid"}),
    ],
)
def test_mandates_that_cannot_be_right_are_refused(
    lender: User, changes: dict[str, Any], status: int, named: dict[str, str]
) -> None:
    answer = write(lender, ORDER | changes)
    assert answer.status_code == status
    assert fields(answer) == named
    assert not Mandate.objects.exists()


def test_a_holding_shows_every_payment_that_it_received(lender: User) -> None:
    loan = loans.loan(shares_cents=[1_000_00, 500_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 2)
    holding = Holding.objects.get(loan=loan, lender=lender)
    clock.set_business_date(Instalment.objects.get(loan=loan, number=2).due_on, is_virtual=True)
    told = client_of(lender).get(f"/api/v1/holdings/{holding.pk}").json()
    assert told["principal_cents"] == 1_000_00
    assert told["outstanding_cents"] + told["repaid_cents"] == 1_000_00
    assert told["loan_number"] == loan.number
    assert (told["days_past_due"], told["bucket"]) == (0, "current")
    assert len(told["shares"]) == 2
    assert sum(share["net_cents"] for share in told["shares"]) == told["received_cents"]
    assert sum(share["interest_cents"] for share in told["shares"]) == told["interest_cents"]


def test_a_late_holding_says_how_late(lender: User) -> None:
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender])
    due_on = loan.first_due_on
    clock.set_business_date(due_on.replace(day=due_on.day + 20), is_virtual=True)
    row = client_of(lender).get("/api/v1/holdings").json()["results"][0]
    assert row["bucket"] == "1-30"
    assert 15 <= row["days_past_due"] <= 20
    mine = client_of(loan.borrower).get("/api/v1/loans").json()["results"][0]
    assert mine["days_past_due"] == row["days_past_due"]


def test_a_loan_and_its_schedule_agree() -> None:
    loan = loans.loan()
    loans.pay_instalments(loan, 1)
    client = client_of(loan.borrower)
    told = client.get(f"/api/v1/loans/{loan.pk}").json()
    rows = client.get(f"/api/v1/loans/{loan.pk}/schedule").json()["results"]
    assert told["paid_count"] == 1
    assert len(rows) == told["term_months"]
    assert sum(row["total_cents"] for row in rows) == told["total_cents"]
    assert sum(row["open_cents"] for row in rows) == told["open_cents"]
    assert rows[0]["paid_on"] == rows[0]["due_on"]
    assert rows[1]["due_on"] == told["next_due_on"]
    assert rows[-1]["due_on"] == told["last_due_on"]
    assert rows[-1]["balance_cents"] == 0


def test_me_tells_how_far_one_has_come(lender: User) -> None:
    told = client_of(lender).get("/api/v1/me").json()
    assert (told["role"], told["is_identified"], told["missing_steps"]) == ("lender", True, [])
    assert "*" in told["bank_account"]
    fresh = client_of(people.person(Role.BORROWER)).get("/api/v1/me").json()
    assert fresh["missing_steps"] == ["profile", "identity", "bank_account"]
    assert (fresh["full_name"], fresh["bank_account"]) == (None, None)


def _one_more_mandate(lender: User, number: int) -> None:
    data = MandateData(
        name=f"Mandate {number}", max_per_loan_cents=25_00, max_per_borrower_cents=25_00
    )
    save_mandate(lender=lender, data=data, at=AT)


def _one_more_holding(lender: User, number: int) -> None:
    loans.loan(shares_cents=[1_000_00], lenders=[lender])


def _one_more_bid(lender: User, number: int) -> None:
    people.give_cash(lender, 25_00)
    bid(lender, listed_request(), 25_00)


@pytest.mark.parametrize(
    ("path", "one_more"),
    [
        ("mandates", _one_more_mandate),
        ("holdings", _one_more_holding),
        ("bids", _one_more_bid),
    ],
)
def test_lists_take_as_many_queries_for_three_as_for_one(
    lender: User,
    path: str,
    one_more: Callable[[User, int], None],
    django_assert_max_num_queries: Any,
) -> None:
    client, counts = client_of(lender), []
    for rows in (1, 3):
        for number in range(rows if rows == 1 else 2):
            one_more(lender, rows + number)
        with django_assert_max_num_queries(4) as captured:
            assert len(client.get(f"/api/v1/{path}").json()["results"]) == rows
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_holding_takes_as_many_queries_for_three_payments_as_for_one(
    lender: User, django_assert_max_num_queries: Any
) -> None:
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender])
    client, counts = client_of(lender), []
    path = f"/api/v1/holdings/{Holding.objects.get().pk}"
    for payments in (1, 3):
        loans.pay_instalments(loan, 1 if payments == 1 else 2)
        with django_assert_max_num_queries(6) as captured:
            assert len(client.get(path).json()["shares"]) == payments
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_loans_take_as_many_queries_for_three_as_for_one(
    django_assert_max_num_queries: Any,
) -> None:
    borrower, counts = people.borrower(), []
    client = client_of(borrower)
    for rows in (1, 3):
        for _ in range(rows if rows == 1 else 2):
            loans.loan(shares_cents=[1_000_00], borrower=borrower)
        with django_assert_max_num_queries(4) as captured:
            assert len(client.get("/api/v1/loans").json()["results"]) == rows
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_portfolio_is_told_as_of_any_day() -> None:
    clock.set_business_date(date(2026, 8, 1), is_virtual=True)
    lender = people.lender(cash_cents=200_00)
    loan = loans.loan(shares_cents=[500_00, 500_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 4)
    client = client_of(lender)
    now, then = (client.get(f"/api/v1/portfolio{asked}").json() for asked in ("", "?on=2026-03-31"))
    overview = lender_overview(lender, date(2026, 8, 1))
    assert (now["on"], then["on"]) == ("2026-08-01", "2026-03-31")
    assert now["value"]["fair_cents"] == overview.value.fair_cents
    assert now["returns"]["fair"] == overview.returns.fair
    assert (
        sum(step["hundredths_of_a_point"] for step in now["bridge"][:-1])
        == (now["bridge"][-1]["hundredths_of_a_point"])
    )
    assert (then["is_new"], then["returns"], then["bridge"]) == (True, None, [])
    assert then["invested_cents"] > now["invested_cents"]
    assert len(now["forecast"]) == 24


def test_days_to_come_have_no_books() -> None:
    clock.set_business_date(date(2026, 8, 1), is_virtual=True)
    client = client_of(people.lender())
    answer = client.get("/api/v1/portfolio?on=2026-08-02")
    assert (answer.status_code, answer.json()["code"]) == (422, "day_to_come")
    for on in ("2026-8-1", ""):
        assert client.get(f"/api/v1/portfolio?on={on}").status_code in (400, 422)
