"""Servicing by several workers at once, on real connections: every act happens once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from core.clock import day_of
from ledger.chart import Role
from ledger.errors import InsufficientFunds
from ledger.selectors import balance_cents
from lending.errors import Overpayment
from lending.models import Loan, Repayment
from lending.services import arrears
from lending.services.disbursements import disburse
from lending.services.repayments import repay
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.factories.people import AT
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*acts: Callable[[], object]) -> list[object]:
    """Begin all acts together, each on a connection of its own; results or refusals in order."""
    together = Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            together.wait(timeout=20)
            results[number] = acts[number]()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def _repay(loan: Loan, cents: int, reference: str) -> Repayment:
    on = loan.first_due_on
    return repay(
        loan_id=loan.pk,
        amount_cents=cents,
        reference=reference,
        received_on=on,
        at=loans.noon(on),
    )


def test_a_request_signed_once_is_disbursed_once() -> None:
    request = loans.signed_request()
    made = _at_once(*[lambda: disburse(request_id=request.pk, on=day_of(AT), at=AT)] * 3)
    assert {result.pk for result in made} == {Loan.objects.get().pk}  # type: ignore[attr-defined]
    assert balance_cents(Role.IN_TRANSIT_OUT, request.borrower_id) == 4_875_00
    assert_money("ledger", "lending")


def test_a_debit_delivered_five_times_at_once_moves_money_once() -> None:
    loan = loans.loan()
    loans.give_collected(loan.borrower, 500_00, on=loan.first_due_on)
    paid = _at_once(*[lambda: _repay(loan, 100_00, "debit")] * 5)
    assert {result.pk for result in paid} == {Repayment.objects.get().pk}  # type: ignore[attr-defined]
    assert balance_cents(Role.CASH, loan.borrower_id) == 400_00
    assert_money("ledger", "lending")


def test_two_payments_at_once_cannot_spend_the_same_cash() -> None:
    loan = loans.loan()
    loans.give_collected(loan.borrower, 60_00, on=loan.first_due_on)
    results = _at_once(lambda: _repay(loan, 60_00, "first"), lambda: _repay(loan, 60_00, "second"))
    assert sum(isinstance(result, Repayment) for result in results) == 1
    assert sum(isinstance(result, InsufficientFunds) for result in results) == 1
    assert_money("ledger", "lending")


def test_two_payments_of_all_that_is_due_at_once_settle_it_once() -> None:
    loan = loans.loan(shares_cents=[975_00, 25_00], term_months=12)
    owed = loan.instalments.get(number=1).total_cents
    loans.give_collected(loan.borrower, 2 * owed, on=loan.first_due_on)
    results = _at_once(lambda: _repay(loan, owed, "first"), lambda: _repay(loan, owed, "second"))
    assert sum(isinstance(result, Repayment) for result in results) == 1
    assert sum(isinstance(result, Overpayment) for result in results) == 1
    assert balance_cents(Role.CASH, loan.borrower_id) == owed
    assert_money("ledger", "lending")


def test_payments_on_loans_with_the_same_lenders_never_wait_in_a_ring() -> None:
    lenders = [people.lender() for _ in range(4)]
    running = [
        loans.loan(shares_cents=[250_00] * 4, lenders=order, term_months=12)
        for order in (lenders, lenders[::-1], lenders[2:] + lenders[:2])
    ]
    for loan in running:
        loans.give_collected(loan.borrower, 500_00, on=loan.first_due_on)

    def pay_often(loan: Loan) -> int:
        return sum(bool(_repay(loan, 2_13, f"{loan.pk}-{index}")) for index in range(15))

    results = _at_once(*(lambda loan=loan: pay_often(loan) for loan in running))
    assert results == [15, 15, 15]
    assert_money("ledger", "lending")


def test_a_payment_that_comes_while_default_is_declared_leaves_one_clear_state() -> None:
    loan = loans.loan(due_day=15)
    on = loan.first_due_on + timedelta(days=100)
    owed = sum(row.open_cents for row in loan.instalments.filter(due_on__lt=on))
    loans.give_collected(loan.borrower, owed, on=on)

    def pay() -> Repayment:
        return repay(
            loan_id=loan.pk,
            amount_cents=owed,
            reference="late",
            received_on=on,
            at=loans.noon(on),
        )

    paid, aged = _at_once(pay, lambda: arrears.age_loans(on=on, at=loans.noon(on)))
    assert isinstance(paid, Repayment)
    loan.refresh_from_db()
    defaulted = loan.status == LoanStatus.DEFAULTED
    assert aged["defaulted"] == ([loan.number] if defaulted else [])  # type: ignore[index]
    assert arrears.days_past_due(loan, on) == 0
    assert_money("ledger", "lending")
