"""An agreed sum is paid on a loan called due, and the rest is waived."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import User
from lending.errors import NothingWaived, Overpayment
from lending.models import Loan, Repayment, WriteOff
from lending.selectors.charges import payable
from lending.states import ArrearsStage, LoanStatus
from notifications.models import Message
from tests.factories import arrears as make
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> list[User]:
    return make.two_staff()


@pytest.fixture
def loan() -> Loan:
    """5,000 euros over 36 months at 8 %; three lenders."""
    return loans.loan(due_day=15)


def test_a_settlement_takes_the_sum_and_waives_the_rest(loan: Loan, staff: list[User]) -> None:
    case, on = make.terminated(loan, staff)
    loans.give_collected(loan.borrower, 2_000_00, on=on)
    make.decide(case, "settle", staff, at=loans.noon(on), cents=2_000_00, source="borrower")
    loan.refresh_from_db()
    assert (case.status, loan.status) == (ArrearsStage.SETTLED, LoanStatus.SETTLED)
    paid = Repayment.objects.get()
    waived = WriteOff.objects.get()
    assert waived.kind == "waived"
    assert waived.principal_cents == loan.principal_cents - paid.principal_cents
    assert Message.objects.get(kind="loan_settled").facts["paid_cents"] == 2_000_00
    assert_money("ledger", "lending")


def test_a_settlement_for_all_that_is_owed_is_none(loan: Loan, staff: list[User]) -> None:
    case, on = make.terminated(loan, staff)
    loans.give_collected(loan.borrower, 6_000_00, on=on)
    with pytest.raises(Overpayment):
        make.decide(case, "settle", staff, at=loans.noon(on), cents=5_900_00, source="borrower")
    case.refresh_from_db()
    assert case.status == ArrearsStage.TERMINATED


def test_a_settlement_leaves_at_least_what_is_pursued(loan: Loan, staff: list[User]) -> None:
    case, called_on = make.terminated(loan, staff)
    on = called_on + timedelta(days=20)
    due = payable(loan, on)
    assert due.default_interest_cents > 1_00
    loans.give_collected(loan.borrower, due.total_cents, on=on)
    with pytest.raises(NothingWaived), transaction.atomic():
        make.decide(
            case,
            "settle",
            staff,
            at=loans.noon(on),
            cents=due.total_cents - 99,
            source="borrower",
        )
    cents = due.total_cents - 1_00
    make.decide(case, "settle", staff, at=loans.noon(on), cents=cents, source="borrower")
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.SETTLED, 0)
    assert not WriteOff.objects.exists()  # the principal is paid; what was waived is interest
    assert_money("ledger", "lending")
