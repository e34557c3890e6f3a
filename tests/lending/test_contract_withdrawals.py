"""Withdrawal within 14 days: every lender is restored to the cent, the fee comes back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.clock import day_of
from core.errors import IllegalTransition, NotFound
from ledger.chart import Role
from ledger.errors import InsufficientFunds
from ledger.selectors import balance_cents
from lending.domain.amortization import to_cents
from lending.errors import CannotRepayEarly, WithdrawalOver
from lending.models import Loan
from lending.selectors.charges import payable
from lending.selectors.contract_withdrawals import withdrawal_terms
from lending.selectors.early_repayment import payoff_quote
from lending.services.contract_withdrawals import give_back, withdraw_from_contract
from lending.states import LoanStatus
from notifications.models import Message
from tests.factories import loans, people
from tests.factories.people import AT
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

SIGNED = day_of(AT)


def _withdraw(loan: Loan, on: date) -> Loan:
    return withdraw_from_contract(borrower=loan.borrower, loan_id=loan.pk, on=on, at=loans.noon(on))


def _give_back(loan: Loan, on: date) -> Loan:
    return give_back(borrower=loan.borrower, loan_id=loan.pk, on=on, at=loans.noon(on))


def test_principal_and_daily_interest_go_back_and_the_fee_comes_back() -> None:
    loan = loans.loan(shares_cents=[3_000_00, 1_975_00, 25_00])
    on = SIGNED + timedelta(days=14)
    terms = withdrawal_terms(borrower=loan.borrower, loan_id=loan.pk, on=on)
    assert terms.until == on
    exact = loan.principal_cents * loan.annual_rate * 14 / 360
    assert terms.interest_cents == to_cents(exact)
    loans.give_collected(loan.borrower, terms.total_cents, on=on)
    done = _withdraw(loan, on)
    assert (done.status, done.outstanding_cents, done.closed_on) == (LoanStatus.WITHDRAWN, 0, on)
    assert balance_cents(Role.CASH, loan.borrower_id) == 0
    assert balance_cents(Role.FEES) == 0
    for holding in loan.holdings.all():
        assert (holding.outstanding_cents, holding.fee_cents) == (0, 0)
        assert balance_cents(Role.CASH, holding.lender_id) == (
            holding.principal_cents + holding.interest_cents
        )
    assert Message.objects.filter(kind="holding_withdrawn").count() == 3
    assert_money("ledger", "lending")


def test_without_the_money_it_is_declared_and_given_back_within_thirty_days() -> None:
    loan = loans.loan()
    on = SIGNED + timedelta(days=3)
    declared = _withdraw(loan, on)
    assert (declared.status, declared.withdrawn_on) == (LoanStatus.ACTIVE, on)
    [row] = loan.instalments.unpaid()
    assert (row.due_on, row.principal_cents) == (on + timedelta(days=30), loan.principal_cents)
    with pytest.raises(InsufficientFunds):
        _give_back(loan, on + timedelta(days=5))
    later = on + timedelta(days=20)
    terms = withdrawal_terms(borrower=loan.borrower, loan_id=loan.pk, on=later)
    loans.give_collected(loan.borrower, terms.total_cents, on=later)
    done = _give_back(loan, later)
    assert done.status == LoanStatus.WITHDRAWN
    assert _give_back(loan, later).pk == done.pk
    assert balance_cents(Role.CASH, loan.borrower_id) == 0
    assert_money("ledger", "lending")


def test_a_debit_on_the_last_day_unwinds_it_as_well() -> None:
    loan = loans.loan()
    _withdraw(loan, SIGNED)
    [row] = loan.instalments.unpaid()
    loans.pay(loan, row.total_cents, on=row.due_on)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.WITHDRAWN
    assert balance_cents(Role.CASH, loan.borrower_id) == loan.fee_cents
    assert {row.fee_cents for row in loan.holdings.all()} == {0}
    assert_money("ledger", "lending")


def test_who_gives_nothing_back_in_time_pays_default_interest() -> None:
    loan = loans.loan()
    _withdraw(loan, SIGNED)
    late = SIGNED + timedelta(days=90)
    due = payable(loan, late)
    assert due.default_interest_cents > 0
    loans.give_collected(loan.borrower, due.total_cents - loan.fee_cents, on=late)
    assert _give_back(loan, late).status == LoanStatus.WITHDRAWN
    assert_money("ledger", "lending")


def test_after_fourteen_days_or_for_a_stranger_there_is_no_withdrawal() -> None:
    loan = loans.loan()
    late = SIGNED + timedelta(days=15)
    with pytest.raises(WithdrawalOver):
        _withdraw(loan, late)
    with pytest.raises(NotFound):
        withdraw_from_contract(
            borrower=people.borrower(), loan_id=loan.pk, on=SIGNED, at=loans.noon(SIGNED)
        )
    with pytest.raises(IllegalTransition):
        _give_back(loan, SIGNED)
    assert loan.plans.count() == 1


def test_declared_twice_is_told_once_and_nothing_is_repaid_early_any_more() -> None:
    loan = loans.loan()
    _withdraw(loan, SIGNED)
    _withdraw(loan, SIGNED + timedelta(days=20))
    assert loan.plans.count() == 2
    assert Message.objects.filter(kind="contract_withdrawn").count() == 1
    with pytest.raises(CannotRepayEarly):
        payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=SIGNED)
