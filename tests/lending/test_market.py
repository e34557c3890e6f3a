"""The market as everyone sees it: public columns, live figures, quick with many requests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import NotFound
from lending.models import LoanRequest
from lending.selectors.market import (
    PUBLIC_COLUMNS,
    listed_requests,
    market_figures,
    market_request,
)
from lending.services.offers import end_request
from lending.states import RequestStatus
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, filled_request, listed_request

pytestmark = pytest.mark.django_db


def test_only_what_is_open_for_bids_is_listed_the_nearest_deadline_first() -> None:
    later = listed_request(at=AT + timedelta(days=2))
    sooner = listed_request()
    filled_request()
    ended = listed_request()
    end_request(request_id=ended.pk, to=RequestStatus.EXPIRED, at=AT)
    assert [row.pk for row in listed_requests()] == [sooner.pk, later.pk]


def test_the_list_shows_how_far_a_request_is_funded_and_by_how_many_offers() -> None:
    request = listed_request(amount_cents=1_000_00)
    lender = people.lender(cash_cents=500_00)
    for cents in (25_00, 100_00, 200_00):
        bid(lender, request, cents)
    row = listed_requests().get()
    assert (row.offers_count, row.funded_percent, row.missing_cents) == (3, 32, 675_00)


def test_the_list_reads_no_private_column() -> None:
    listed_request()
    row = listed_requests().get()
    loaded = {field.attname for field in row._meta.concrete_fields} - row.get_deferred_fields()
    assert loaded == set(PUBLIC_COLUMNS)
    assert row.get_deferred_fields() >= {"borrower_id", "max_rate", "borrower_fee_rate"}


def test_the_number_of_queries_does_not_grow_with_the_requests(
    django_assert_num_queries: Any,
) -> None:
    for number in (1, 3):
        while LoanRequest.objects.count() < number:
            request = listed_request()
            bid(people.lender(cash_cents=100_00), request, 100_00)
        with django_assert_num_queries(1):
            assert [row.offers_count for row in listed_requests()] == [1] * number


def test_a_request_on_show_is_seen_by_everyone() -> None:
    for request in (listed_request(), filled_request()):
        for visitor in (None, AnonymousUser(), people.lender(), people.borrower()):
            assert market_request(request.public_id, visitor).pk == request.pk


def test_a_request_that_left_the_market_is_seen_by_those_concerned_alone() -> None:
    loan = loans.loan()
    request, holding = loan.request, loan.holdings.all()[0]
    for insider in (loan.borrower, holding.lender, people.staff()):
        assert market_request(request.public_id, insider).pk == request.pk
    for stranger in (None, people.lender(), people.borrower()):
        with pytest.raises(NotFound):
            market_request(request.public_id, stranger)


def test_an_unknown_request_is_not_found() -> None:
    with pytest.raises(NotFound):
        market_request(uuid4())


def test_the_figures_of_an_empty_market_are_zero() -> None:
    figures = market_figures()
    assert (figures.open_requests, figures.missing_cents, figures.lent_cents) == (0, 0, 0)
    assert figures.average_rate is None


def test_the_figures_say_what_is_open_and_what_was_lent(django_assert_num_queries: Any) -> None:
    request = listed_request(amount_cents=1_000_00, annual_rate=Decimal("0.10"))
    listed_request(amount_cents=3_000_00, annual_rate=Decimal("0.06"))
    bid(people.lender(cash_cents=100_00), request, 100_00)
    loan = loans.loan(shares_cents=[2_000_00])
    first = loan.instalments.get(number=1)
    loans.pay_instalments(loan, 1)
    with django_assert_num_queries(3):
        figures = market_figures()
    assert (figures.open_requests, figures.missing_cents) == (2, 3_900_00)
    assert figures.average_rate == Decimal("0.07")
    assert (figures.loans, figures.lent_cents) == (1, 2_000_00)
    assert figures.repaid_cents == first.principal_cents
    assert figures.interest_cents == first.interest_cents


def test_a_page_of_ten_thousand_requests_comes_from_the_index() -> None:
    borrower = people.borrower()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX lending_request_one_open")
        cursor.execute(
            """
            INSERT INTO lending_loanrequest (borrower_id, public_id, status, amount_cents,
                term_months, purpose, title, story, due_day, annual_rate, grade, funded_cents,
                price_rule, least_percent, created_at, listed_at, deadline_on)
            SELECT %s, gen_random_uuid(), 'listed', 100000, 36, 'car', 'A car', '', 1, 0.08, 'C',
                0, 'fixed', 100, now(), now(), DATE '2026-01-01' + number %% 400
            FROM generate_series(1, 10000) AS number
            """,
            [borrower.pk],
        )
        cursor.execute("ANALYZE lending_loanrequest")
        cursor.execute("EXPLAIN " + _sql_of_first_page())
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "lending_request_market" in plan
    assert "Seq Scan on lending_loanrequest" not in plan
    began = perf_counter()
    assert len(listed_requests()[:25]) == 25
    assert perf_counter() - began < 0.1


def _sql_of_first_page() -> str:
    with CaptureQueriesContext(connection) as queries:
        list(listed_requests()[:25])
    return queries[0]["sql"]
