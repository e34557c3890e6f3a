"""The market as programs see it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lending.models import LoanRequest
from lending.services.offers import end_request
from lending.states import RequestStatus
from tests.api.conftest import client_of, fields
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

pytestmark = pytest.mark.django_db

PATH = "/api/v1/market/requests"
SHOWN = {
    "id", "status", "title", "story", "purpose", "amount_cents", "funded_cents", "missing_cents",
    "funded_percent", "offers_count", "term_months", "annual_rate", "grade",
    "rate_is_cap", "price_rule", "floor_rate", "least_percent",
    "affordability_mark", "due_day", "first_period", "listed_at", "deadline_on",
}  # fmt: skip


@pytest.fixture
def three() -> list[LoanRequest]:
    """A at 5 % over 24 months, C at 8 % over 36, E at 12 % over 60; the last is half funded."""
    requests = [
        listed_request(
            grade=grade,
            annual_rate=Decimal(rate),
            term_months=months,
            amount_cents=cents,
            purpose=purpose,
        )
        for grade, rate, months, cents, purpose in [
            ("A", "0.05", 24, 2_000_00, "car"),
            ("C", "0.08", 36, 1_000_00, "moving"),
            ("E", "0.12", 60, 4_000_00, "car"),
        ]
    ]
    bid(people.lender(cash_cents=2_000_00), requests[2], 2_000_00)
    return requests


def grades(query: str) -> str:
    """The grades of the rows that a query finds, in their order."""
    answer = client_of().get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.json()
    return "".join(row["grade"] for row in answer.json()["results"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ACE"),
        ("grade=A&grade=E", "AE"),
        ("term_months=36", "C"),
        ("purpose=car", "AE"),
        ("purpose=car&grade=C", ""),
        ("min_rate=0.08", "CE"),
        ("max_rate=0.08", "AC"),
        ("min_rate=0.06&max_rate=0.1", "C"),
        ("min_amount_cents=200000", "AE"),
        ("max_amount_cents=199999", "C"),
        ("min_funded_percent=50", "E"),
        ("max_funded_percent=49", "AC"),
        ("ordering=-annual_rate", "ECA"),
        ("ordering=amount_cents", "CAE"),
        ("ordering=-funded_percent&page_size=1", "E"),
    ],
)
def test_filters_and_order(three: list[LoanRequest], query: str, found: str) -> None:
    assert grades(query) == found


@pytest.mark.parametrize(
    "query",
    [
        "grade=Z",
        "term_months=13",
        "term_months=\uff13\uff16",
        "purpose=car%00",
        "min_rate=NaN",
        "min_rate=1e309",
        "max_rate=7.5",
        "min_amount_cents=1e3",
        "max_amount_cents=99999999999999999999",
        "min_funded_percent=101",
        "ordering=borrower",
        "page_size=0",
        "page_size=201",
        "page_size=\uff15",
        "cursor=nonsense",
        "cursor=%00",
    ],
)
def test_parameters_that_cannot_be_right_are_named(query: str) -> None:
    answer = client_of().get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert list(fields(answer)) == [query.partition("=")[0]]


@pytest.mark.parametrize("ordering", ["deadline_on", "-listed_at", "term_months", "-annual_rate"])
def test_pages_hold_every_row_once_even_among_equals(ordering: str) -> None:
    known = {str(listed_request().public_id) for _ in range(5)}
    client, seen = client_of(), []
    address: str | None = f"{PATH}?page_size=2&ordering={ordering}"
    while address:
        told = client.get(address).json()
        seen += [row["id"] for row in told["results"]]
        address = told["next"]
    assert len(seen) == 5
    assert set(seen) == known


def test_a_cursor_of_another_order_is_refused() -> None:
    for _ in range(2):
        listed_request()
    following = client_of().get(f"{PATH}?page_size=1&ordering=annual_rate").json()["next"]
    answer = client_of().get(following.replace("annual_rate", "amount_cents"))
    assert fields(answer) == {"cursor": "invalid"}


def test_a_request_shows_its_figures_and_never_its_borrower(three: list[LoanRequest]) -> None:
    told = client_of().get(f"{PATH}/{three[2].public_id}").json()
    assert set(told) == SHOWN
    assert told["funded_cents"] == told["missing_cents"] == 2_000_00
    assert (told["funded_percent"], told["offers_count"]) == (50, 1)
    assert told["annual_rate"] == "0.12000"


def test_what_left_the_market_is_seen_by_those_concerned_alone(three: list[LoanRequest]) -> None:
    gone = three[0]
    end_request(request_id=gone.pk, to=RequestStatus.WITHDRAWN, at=AT)
    path = f"{PATH}/{gone.public_id}"
    assert client_of().get(path).status_code == 404
    assert client_of(people.lender()).get(path).status_code == 404
    assert client_of(gone.borrower).get(path).json()["status"] == RequestStatus.WITHDRAWN


def test_a_draft_is_not_on_the_market_even_for_its_borrower() -> None:
    draft = LoanRequest.objects.create(borrower=people.borrower(), created_at=AT)
    answer = client_of(draft.borrower).get(f"{PATH}/{draft.public_id}")
    assert answer.status_code == 404


@pytest.mark.parametrize("public_id", ["00000000-0000-4000-8000-000000000000", "5", "x" * 300])
def test_unknown_requests_are_not_found(public_id: str) -> None:
    assert client_of().get(f"{PATH}/{public_id}").status_code == 404


def test_the_list_takes_as_many_queries_for_three_as_for_one(
    django_assert_num_queries: Any,
) -> None:
    for rows in (1, 3):
        while LoanRequest.objects.count() < rows:
            bid(people.lender(cash_cents=25_00), listed_request(), 25_00)
        with django_assert_num_queries(1):
            assert len(client_of().get(PATH).json()["results"]) == rows
