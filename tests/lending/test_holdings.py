"""Holdings as their lender sees them; nobody sees another lender's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.errors import NotFound
from lending.models import Holding
from lending.selectors.holdings import holding_of, holdings_of, lateness, shares_of
from tests.factories import loans, people

pytestmark = pytest.mark.django_db


def test_a_holding_shows_what_came_back_and_what_is_next() -> None:
    lender = people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 2)
    row = holdings_of(lender).get()
    shares = list(shares_of(lender, row.pk))
    assert row.next_due_on == loan.instalments.get(number=3).due_on
    assert row.received_cents == sum(
        share.principal_cents + share.interest_cents - share.fee_cents for share in shares
    )
    assert row.repaid_cents == sum(share.principal_cents for share in shares)
    assert [share.repayment.received_on for share in shares] == [
        loan.instalments.get(number=2).due_on,
        loan.instalments.get(number=1).due_on,
    ]


def test_lateness_follows_from_the_oldest_instalment_of_the_loan() -> None:
    loan = loans.loan(due_day=15)
    row = holdings_of(loan.holdings.all()[0].lender).get()
    assert lateness(row, date(2026, 2, 16)) == (0, "current")
    assert lateness(row, date(2026, 2, 17)) == (1, "1-30")
    assert lateness(row, date(2026, 4, 1)) == (44, "31-60")
    assert lateness(row, date(2026, 6, 1)) == (105, "over-90")


def test_a_holding_of_a_repaid_loan_is_not_late() -> None:
    loan = loans.loan(shares_cents=[1_000_00], term_months=12)
    loans.pay_off(loan, on=loan.first_due_on)
    row = holdings_of(loan.holdings.get().lender).get()
    assert row.next_due_on is None
    assert lateness(row, date(2030, 1, 1)) == (0, "current")


def test_another_lender_s_holding_is_not_found() -> None:
    holding = loans.loan().holdings.all()[0]
    for stranger in (people.lender(), holding.loan.borrower, people.staff()):
        for read in (holding_of, shares_of):
            with pytest.raises(NotFound):
                read(stranger, holding.pk)


def test_the_number_of_queries_does_not_grow_with_the_holdings(
    django_assert_num_queries: Any,
) -> None:
    lender = people.lender()
    for number in (1, 3):
        while Holding.objects.filter(lender=lender).count() < number:
            made = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
            loans.pay_instalments(made, number)
        with django_assert_num_queries(1):
            rows = [(row.loan.number, row.loan.request.title) for row in holdings_of(lender)]
        assert len(rows) == number
        holding = Holding.objects.filter(lender=lender).latest("id")
        with django_assert_num_queries(2):
            assert [row.repayment.received_on for row in shares_of(lender, holding.pk)]
