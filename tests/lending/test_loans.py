"""Loans as borrower and lenders see them; strangers see nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import User
from core.errors import NotFound
from lending.models import Loan
from lending.selectors.loans import (
    loan_of_borrower,
    loans_of,
    next_payment,
    schedule_of,
    timeline_of,
)
from tests.factories import loans, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """Pays on 15ths, the first on Sunday, 15 February 2026."""
    return loans.loan(due_day=15)


def test_a_borrower_sees_the_figures_of_a_loan(loan: Loan) -> None:
    loans.pay_instalments(loan, 2)
    plan = list(loan.instalments.order_by("number"))
    row = loans_of(loan.borrower).get()
    total, paid = sum(row.total_cents for row in plan), sum(row.total_cents for row in plan[:2])
    assert (row.total_cents, row.paid_cents, row.open_cents) == (total, paid, total - paid)
    assert (row.next_due_on, row.last_due_on) == (plan[2].due_on, plan[-1].due_on)
    assert row.paid_count == 2


def test_a_repaid_loan_has_nothing_due() -> None:
    loan = loans.loan(shares_cents=[1_000_00], term_months=12)
    loans.pay_off(loan, on=loan.first_due_on)
    row = loan_of_borrower(loan.borrower, loan.pk)
    assert (row.open_cents, row.next_due_on, row.paid_count) == (0, None, 12)
    assert next_payment(loan.borrower, loan.first_due_on) is None


def test_the_schedule_shows_what_is_left_after_each_instalment(loan: Loan) -> None:
    rows = list(schedule_of(loan.borrower, loan.pk))
    assert [row.number for row in rows] == list(range(1, 37))
    assert rows[0].balance_cents == loan.principal_cents - rows[0].principal_cents
    assert rows[-1].balance_cents == 0


def test_the_next_payment_is_the_oldest_that_is_open(loan: Loan) -> None:
    first = loan.instalments.get(number=1)
    coming = next_payment(loan.borrower, date(2026, 2, 10))
    assert coming is not None
    assert (coming.loan, coming.number, coming.amount_cents) == (loan, 1, first.total_cents)
    assert (coming.due_on, coming.payable_on) == (date(2026, 2, 15), date(2026, 2, 16))
    assert (coming.overdue_cents, coming.days_past_due) == (0, 0)


def test_what_is_late_is_said_with_its_sum(loan: Loan) -> None:
    first, second = loan.instalments.order_by("number")[:2]
    loans.pay(loan, 10_00, on=first.due_on)
    late = next_payment(loan.borrower, second.due_on + timedelta(days=5))
    assert late is not None
    assert late.amount_cents == first.total_cents - 10_00
    charged = 92  # 6.27 % on 147.03 for 32 days, and on 157.03 for 4
    assert late.overdue_cents == first.total_cents + second.total_cents - 10_00 + charged
    assert late.days_past_due == 32  # 20 March since 16 February


def test_of_several_loans_the_one_due_first_is_next() -> None:
    borrower = people.borrower()
    loans.loan(borrower=borrower, due_day=1)
    sooner = loans.loan(borrower=borrower, due_day=15)
    coming = next_payment(borrower, date(2026, 2, 1))
    assert coming is not None
    assert coming.loan == sooner


def test_the_timeline_is_read_by_borrower_lenders_and_staff_newest_first(loan: Loan) -> None:
    loans.pay_instalments(loan, 1)
    for reader in (loan.borrower, loan.holdings.all()[0].lender, people.staff()):
        events = timeline_of(reader, loan.pk)
        assert [row.kind for row in events] == ["paid", "disbursed"]
        assert len(schedule_of(reader, loan.pk)) == 36


@pytest.mark.parametrize("stranger", [people.lender, people.borrower])
@pytest.mark.parametrize("read", [loan_of_borrower, schedule_of, timeline_of])
def test_a_stranger_finds_nothing(
    loan: Loan, read: Callable[[User, int], Any], stranger: Callable[[], User]
) -> None:
    with pytest.raises(NotFound):
        read(stranger(), loan.pk)


def test_a_lender_does_not_see_the_loan_as_its_borrower(loan: Loan) -> None:
    lender = loan.holdings.all()[0].lender
    with pytest.raises(NotFound):
        loan_of_borrower(lender, loan.pk)
    assert not loans_of(lender).exists()


def test_the_number_of_queries_does_not_grow_with_the_loans(
    django_assert_num_queries: Any,
) -> None:
    borrower = people.borrower()
    for number in (1, 3):
        while Loan.objects.filter(borrower=borrower).count() < number:
            made = loans.loan(borrower=borrower)
            loans.pay_instalments(made, 1)
        with django_assert_num_queries(1):
            assert len([row.request.title for row in loans_of(borrower)]) == number
        with django_assert_num_queries(2):
            next_payment(borrower, date(2026, 2, 1))
        with django_assert_num_queries(2):
            list(schedule_of(borrower, made.pk))
        with django_assert_num_queries(2):
            list(timeline_of(borrower, made.pk))
