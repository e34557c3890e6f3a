"""The proofs of arrears: silent while all is right, and each finds what was planted."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from lending import verify
from lending.models import ClaimSale, LegalCost, Loan, WriteOff
from lending.services import collection_costs
from tests.factories import arrears as make
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold() -> Loan:
    """A claim with a cost of collection, sold by parts for a quarter."""
    staff, loan = make.two_staff(), loans.loan(due_day=15)
    case, on = make.in_collection(loan, staff)
    at = loans.noon(on)
    collection_costs.lay_out_cost(
        staff=staff[0], case_id=case.pk, cents=30_00, paid_on=on, note="Court", key=uuid4(), at=at
    )
    make.decide(case, "sell", staff, at=at, buyer="Muster", quota=Decimal("0.25"), is_by_parts=True)
    assert_money("ledger", "lending")
    return loan


def _sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _found(name: str) -> list[tuple[int, str]]:
    return [
        (found.found_cents - found.expected_cents, found.note) for found in getattr(verify, name)()
    ]


def test_a_write_off_that_its_shares_or_postings_do_not_bear_is_found(sold: Loan) -> None:
    given_up = WriteOff.objects.get()
    _sql("UPDATE lending_writeoff SET principal_cents = principal_cents + 1")
    assert _found("write_offs_equal_shares") == [(-1, "posted"), (-1, "shares")]
    _sql("UPDATE lending_writeoff SET principal_cents = %s", given_up.principal_cents)
    _sql("UPDATE lending_writeoffshare SET principal_cents = 7 WHERE principal_cents < 2000")
    assert [note for _, note in _found("write_offs_equal_shares")] == ["shares"]


def test_a_cost_that_was_not_posted_is_found(sold: Loan) -> None:
    _sql("UPDATE lending_legalcost SET cents = cents + 5 WHERE id = %s", LegalCost.objects.get().pk)
    assert _found("costs_equal_postings") == [(-5, "laid out and not paid back")]


def test_a_price_that_the_loan_does_not_bear_is_found(sold: Loan) -> None:
    _sql("UPDATE lending_claimsale SET price_cents = price_cents - 1")
    assert _found("cases_agree_with_loans") == [
        (1, "paid and outstanding"),
        (1, "sold less lost"),
    ]
    assert ClaimSale.objects.get().price_cents == 1_249_99


def test_a_loan_whose_case_ended_another_way_is_found(sold: Loan) -> None:
    _sql("UPDATE lending_arrearscase SET status = 'settled'")
    assert [note for _, note in _found("cases_agree_with_loans")] == ["loan sold, case settled"]
    _sql("UPDATE lending_loan SET status = 'repaid'")
    assert "loan repaid, case settled" in [note for _, note in _found("cases_agree_with_loans")]
