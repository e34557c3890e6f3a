"""A payment that the bank took back is taken back lender by lender, to the cent, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import NotFound
from core.transitions import advance
from ledger.chart import Role
from ledger.models import Entry
from ledger.selectors import balance_cents
from ledger.services import moves_of, reverse_moves
from lending.domain.due_dates import payable_on
from lending.errors import NotReversible
from lending.models import LoanEvent, Repayment
from lending.selectors.charges import payable
from lending.selectors.wallet import Reason, statement_lines, statement_of, wallet_of
from lending.services.receivables import settle_all
from lending.services.reversals import reverse_repayment
from lending.states import LOAN_TRANSITIONS, LoanStatus
from notifications.models import Message
from tests.factories import loans, people
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def _take_back(repayment: Repayment, days: int = 10) -> Repayment:
    on = repayment.received_on + timedelta(days=days)
    return reverse_repayment(
        repayment_id=repayment.pk, on=on, at=loans.noon(on), reason="insufficient_funds"
    )


def test_everything_stands_where_it_stood_before_the_payment() -> None:
    loan = loans.loan(shares_cents=[600_00, 375_00, 25_00])
    before = list(loan.holdings.order_by("id").values())
    late = payable_on(loan.first_due_on) + timedelta(days=20)
    repayment = loans.pay(loan, payable(loan, late).total_cents, on=late)
    assert repayment.default_interest_cents > 0
    taken = _take_back(repayment)
    loan.refresh_from_db()
    assert list(loan.holdings.order_by("id").values()) == before
    assert loan.outstanding_cents == loan.principal_cents
    assert loan.instalments.get(number=1).paid_on is None
    assert balance_cents(Role.CASH, loan.borrower_id) == repayment.amount_cents
    assert [balance_cents(Role.CASH, row["lender_id"]) for row in before] == [0, 0, 0]
    assert taken.reversal_entry is not None
    assert sorted(moves_of(taken.reversal_entry)) == sorted(
        reverse_moves(moves_of(repayment.entry))
    )
    assert_money("ledger", "lending")


def test_taken_back_twice_is_booked_and_told_once() -> None:
    loan = loans.loan(shares_cents=[600_00, 400_00])
    [repayment] = loans.pay_instalments(loan, 1)
    first, again = _take_back(repayment), _take_back(repayment, days=12)
    assert first.reversed_on == again.reversed_on
    assert Entry.objects.filter(kind="reversal").count() == 1
    assert LoanEvent.objects.filter(loan=loan, kind="reversed").count() == 1
    assert Message.objects.filter(kind="share_reversed").count() == 2
    assert Message.objects.filter(kind="repayment_reversed").count() == 1


def test_a_lender_without_the_cash_owes_exactly_what_is_missing() -> None:
    spender, saver = people.lender(), people.lender()
    loan = loans.loan(shares_cents=[3_000_00, 2_000_00], lenders=[spender, saver])
    [repayment] = loans.pay_instalments(loan, 1)
    got = balance_cents(Role.CASH, spender.pk)
    other = listed_request()
    bid(spender, other, 75_00)
    _take_back(repayment)
    assert balance_cents(Role.CASH, spender.pk) == 0
    assert balance_cents(Role.RECEIVABLE, spender.pk) == 75_00
    assert got > 75_00
    assert balance_cents(Role.RECEIVABLE, saver.pk) == 0
    assert wallet_of(spender).owed_cents == 75_00
    told = Message.objects.get(kind="share_reversed", person=spender)
    assert told.facts["missing_cents"] == 75_00
    assert_money("ledger", "lending")


def test_the_next_money_settles_what_is_owed_first() -> None:
    spender, saver = people.lender(), people.lender()
    loan = loans.loan(shares_cents=[3_000_00, 2_000_00], lenders=[spender, saver])
    [repayment] = loans.pay_instalments(loan, 1)
    got = balance_cents(Role.CASH, spender.pk)
    bid(spender, listed_request(), 75_00)
    _take_back(repayment)
    on = repayment.received_on + timedelta(days=12)
    again = loans.pay(loan, repayment.amount_cents, on=on)
    assert balance_cents(Role.RECEIVABLE, spender.pk) == 0
    assert balance_cents(Role.CASH, spender.pk) == got - 75_00
    lines = statement_lines(spender, list(statement_of(spender)))
    assert Reason.DEBT_SETTLED in {line.reason for line in lines}
    assert Reason.PRINCIPAL_TAKEN_BACK in {line.reason for line in lines}
    assert again.amount_cents == repayment.amount_cents
    assert_money("ledger", "lending")


def test_money_that_came_by_another_way_settles_it_at_day_end() -> None:
    spender = people.lender()
    loan = loans.loan(shares_cents=[5_000_00], lenders=[spender])
    [repayment] = loans.pay_instalments(loan, 1)
    bid(spender, listed_request(), 75_00)
    _take_back(repayment)
    people.give_cash(spender, 50_00)
    on = repayment.received_on + timedelta(days=11)
    assert settle_all(on=on, at=loans.noon(on)) == {"settled": 1, "settled_cents": 50_00}
    assert settle_all(on=on, at=loans.noon(on)) == {"settled": 0, "settled_cents": 0}
    assert balance_cents(Role.RECEIVABLE, spender.pk) == 25_00
    assert_money("ledger", "lending")


@pytest.mark.parametrize("came_from", [LoanStatus.ACTIVE, LoanStatus.DEFAULTED])
def test_a_loan_that_the_payment_closed_runs_again(came_from: LoanStatus) -> None:
    loan = loans.loan(shares_cents=[600_00, 400_00], term_months=12)
    loans.pay_instalments(loan, 11)
    last = loan.instalments.get(number=12)
    if came_from == LoanStatus.DEFAULTED:
        loan.refresh_from_db()
        advance(loan, came_from, table=LOAN_TRANSITIONS, at=loans.noon(last.due_on))
    [closing] = loans.pay_instalments(loan, 1)
    loan.refresh_from_db()
    assert (loan.status, loan.closed_on) == (LoanStatus.REPAID, last.due_on)
    _take_back(closing)
    loan.refresh_from_db()
    assert (loan.status, loan.closed_on) == (came_from, None)
    assert loan.outstanding_cents == last.principal_cents
    on = closing.received_on + timedelta(days=11)
    loans.pay(loan, payable(loan, on).total_cents, on=on)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert LoanEvent.objects.filter(loan=loan, kind="repaid").count() == 2
    assert_money("ledger", "lending")


def test_an_instalment_paid_in_two_payments_keeps_the_other_one() -> None:
    loan = loans.loan()
    first = loan.instalments.get(number=1)
    loans.pay(loan, 50_00, on=first.due_on)
    rest = loans.pay(loan, first.total_cents - 50_00, on=first.due_on)
    _take_back(rest)
    first.refresh_from_db()
    assert first.open_cents == first.total_cents - 50_00
    assert first.paid_on is None
    assert_money("ledger", "lending")


def test_what_never_was_or_was_no_debit_is_refused() -> None:
    loan = loans.loan()
    with pytest.raises(NotFound):
        reverse_repayment(
            repayment_id=1, on=loan.first_due_on, at=loans.noon(loan.first_due_on), reason=""
        )
    [repayment] = loans.pay_instalments(loan, 1)
    Repayment.objects.filter(pk=repayment.pk).update(kind="early")
    with pytest.raises(NotReversible):
        _take_back(repayment)
