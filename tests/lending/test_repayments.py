"""Repayment: every cent reaches a lender, once, and the last one closes the loan at zero."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.audit import trail
from core.errors import NotFound
from core.money import split_cents
from ledger.chart import Role
from ledger.errors import EmptyEntry, InsufficientFunds, ReferenceReused
from ledger.models import Entry
from ledger.selectors import balance_cents
from ledger.services import Move, account_id, moves_of
from lending.errors import Overpayment
from lending.models import (
    BaseRate,
    FeeRate,
    Instalment,
    Loan,
    LoanEvent,
    Repayment,
    RepaymentPart,
    RepaymentShare,
)
from lending.services.repayments import repay
from lending.states import LoanStatus
from tests.factories import loans

pytestmark = pytest.mark.django_db


def _open_cents(loan_id: int) -> int:
    return sum(row.open_cents for row in Instalment.objects.filter(loan=loan_id))


def _last_day(loan: Loan) -> date:
    return loan.instalments.get(number=loan.term_months).due_on


def _without_base_rates() -> None:
    """A time without base rates, so that nothing late costs anything."""
    BaseRate.objects.all().delete()


def test_a_repayment_is_booked_move_by_move_as_the_chart_says() -> None:
    loan = loans.loan(shares_cents=[600_00, 400_00], term_months=12, annual_rate=Decimal("0.12"))
    first = loan.instalments.get(number=1)
    repayment = loans.pay(loan, first.total_cents, on=first.due_on)
    big, small = loan.holdings.order_by("id")
    principal = split_cents(first.principal_cents, [600_00, 400_00])
    interest = split_cents(first.interest_cents, [600_00, 400_00])
    borrower = account_id(Role.CASH, loan.borrower_id)
    passed, fees = account_id(Role.INTEREST_PASSED), account_id(Role.FEES)
    expected = [
        Move(borrower, account_id(Role.PRINCIPAL, loan.pk), first.principal_cents),
        Move(borrower, passed, first.interest_cents),
    ]
    for holding, part, earned in zip((big, small), principal, interest, strict=True):
        cash = account_id(Role.CASH, holding.lender_id)
        share = repayment.shares.get(holding=holding)
        expected += [
            Move(account_id(Role.INVESTED, holding.lender_id), cash, part),
            Move(passed, cash, earned),
            Move(cash, fees, share.fee_cents),
        ]
    assert sorted(moves_of(repayment.entry)) == sorted(expected)
    assert repayment.entry.reference == f"repayment:{repayment.reference}"
    assert repayment.entry.effective_on == first.due_on


def test_each_lender_pays_one_percent_of_what_arrives_rounded_half_up() -> None:
    loan = loans.loan(shares_cents=[4_975_00, 25_00])
    first = loan.instalments.get(number=1)
    repayment = loans.pay(loan, first.total_cents, on=first.due_on)
    for share in repayment.shares.all():
        received = share.principal_cents + share.interest_cents
        assert share.fee_cents == (received + 50) // 100
    assert repayment.fee_cents == sum(share.fee_cents for share in repayment.shares.all())
    assert balance_cents(Role.FEES) == loan.fee_cents + repayment.fee_cents


def test_the_fee_is_the_one_of_the_day_on_which_the_money_came() -> None:
    loan = loans.loan()
    first, second = loan.instalments.order_by("number")[:2]
    FeeRate.objects.create(kind="lender", rate=Decimal("0.02"), valid_from=second.due_on)
    before = loans.pay(loan, first.total_cents, on=first.due_on)
    after = loans.pay(loan, second.total_cents, on=second.due_on)
    assert before.fee_cents == pytest.approx(before.amount_cents / 100, abs=2)
    assert after.fee_cents == pytest.approx(after.amount_cents / 50, abs=2)


def test_instalments_holdings_and_loan_add_up_after_each_payment() -> None:
    loan = loans.loan(shares_cents=[3_000_00, 1_975_00, 25_00])
    loans.pay_instalments(loan, 3)
    loan.refresh_from_db()
    repaid = sum(row.principal_cents for row in loan.instalments.filter(number__lte=3))
    assert loan.outstanding_cents == 5_000_00 - repaid
    assert sum(row.outstanding_cents for row in loan.holdings.all()) == loan.outstanding_cents
    assert balance_cents(Role.PRINCIPAL, loan.pk) == loan.outstanding_cents
    for holding in loan.holdings.all():
        assert balance_cents(Role.INVESTED, holding.lender_id) == holding.outstanding_cents
        earned = holding.repaid_cents + holding.interest_cents - holding.fee_cents
        assert balance_cents(Role.CASH, holding.lender_id) == earned
    assert balance_cents(Role.INTEREST_PASSED) == 0
    assert loan.instalments.filter(paid_on__isnull=False).count() == 3


def test_the_last_payment_closes_every_holding_at_exactly_zero() -> None:
    loan = loans.loan(
        shares_cents=[700_00, 275_00, 25_00], term_months=12, annual_rate=Decimal("0.0999")
    )
    loans.pay_instalments(loan, 12)
    loan.refresh_from_db()
    last_day = loan.instalments.get(number=12).due_on
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.REPAID, 0)
    assert loan.closed_on == last_day
    assert [row.outstanding_cents for row in loan.holdings.all()] == [0, 0, 0]
    assert [row.repaid_cents for row in loan.holdings.order_by("id")] == [700_00, 275_00, 25_00]
    assert trail(loan)[-1].after == LoanStatus.REPAID
    assert LoanEvent.objects.filter(loan=loan, kind="repaid", on=last_day).count() == 1


def test_everything_at_once_closes_the_loan_as_well() -> None:
    _without_base_rates()
    loan = loans.loan(shares_cents=[975_00, 25_00], term_months=12)
    loans.pay(loan, _open_cents(loan.pk), on=_last_day(loan))
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert not loan.instalments.filter(paid_on__isnull=True).exists()
    assert [row.outstanding_cents for row in loan.holdings.all()] == [0, 0]


def test_a_part_payment_settles_interest_before_principal_of_the_oldest_instalment() -> None:
    loan = loans.loan(due_day=15)
    first = loan.instalments.get(number=1)
    part = loans.pay(loan, first.interest_cents + 1_00, on=first.due_on)
    first.refresh_from_db()
    assert (part.principal_cents, part.interest_cents) == (1_00, first.interest_cents)
    assert first.paid_principal_cents == 1_00
    assert first.paid_on is None
    rest = loans.pay(loan, first.open_cents, on=first.due_on + timedelta(days=3))
    first.refresh_from_db()
    assert (rest.principal_cents, rest.interest_cents) == (first.principal_cents - 1_00, 0)
    assert first.paid_on == first.due_on + timedelta(days=3)


def test_one_payment_may_settle_several_instalments_and_begin_another() -> None:
    loan = loans.loan()
    first, second, third = loan.instalments.order_by("number")[:3]
    _without_base_rates()
    amount = first.total_cents + second.total_cents + 5_00
    repayment = loans.pay(loan, amount, on=third.due_on)
    parts = list(repayment.parts.order_by("instalment__number"))
    assert [part.instalment_id for part in parts] == [first.pk, second.pk, third.pk]
    assert [part.principal_cents + part.interest_cents for part in parts] == [
        first.total_cents,
        second.total_cents,
        5_00,
    ]
    paid = dict(loan.instalments.filter(number__lte=3).values_list("number", "paid_on"))
    assert paid == {1: third.due_on, 2: third.due_on, 3: None}


def test_many_odd_payments_lose_no_cent() -> None:
    loan = loans.loan(
        shares_cents=[25_00, 50_00, 75_00, 850_00], term_months=12, annual_rate=Decimal("0.0777")
    )
    _without_base_rates()
    cents, on = 1, _last_day(loan)
    while open_cents := _open_cents(loan.pk):
        loans.pay(loan, min(cents, open_cents), on=on)
        cents, on = cents * 3 + 7, on + timedelta(days=2)
        shares = RepaymentShare.objects.filter(repayment__loan=loan)
        parts = RepaymentPart.objects.filter(repayment__loan=loan)
        total = sum(row.amount_cents for row in Repayment.objects.filter(loan=loan))
        assert sum(row.principal_cents + row.interest_cents for row in shares) == total
        assert sum(row.principal_cents + row.interest_cents for row in parts) == total
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert {row.outstanding_cents for row in loan.holdings.all()} == {0}


def test_the_same_reference_moves_money_once() -> None:
    loan = loans.loan()
    first = loans.pay(loan, 50_00, on=loan.first_due_on, reference="debit-1")
    again = loans.pay(loan, 50_00, on=loan.first_due_on, reference="debit-1")
    assert first.pk == again.pk
    assert Entry.objects.filter(kind="repayment").count() == 1
    assert balance_cents(Role.CASH, loan.borrower_id) == 50_00


@pytest.mark.parametrize("change", ["amount", "loan"])
def test_a_reference_with_other_figures_is_refused(change: str) -> None:
    loan, other = loans.loan(), loans.loan()
    loans.pay(loan, 50_00, on=loan.first_due_on, reference="debit-1")
    with pytest.raises(ReferenceReused):
        loans.pay(
            other if change == "loan" else loan,
            60_00 if change == "amount" else 50_00,
            on=loan.first_due_on,
            reference="debit-1",
        )


def test_more_than_is_due_is_refused_and_stays_with_the_borrower() -> None:
    loan = loans.loan()
    first = loan.instalments.get(number=1)
    with pytest.raises(Overpayment) as refused:
        loans.pay(loan, first.total_cents + 1, on=loan.first_due_on)
    assert refused.value.facts == {"due_cents": first.total_cents}
    assert balance_cents(Role.CASH, loan.borrower_id) == first.total_cents + 1
    assert not Repayment.objects.exists()
    assert balance_cents(Role.PRINCIPAL, loan.pk) == loan.principal_cents


def test_a_repaid_loan_takes_no_more_money() -> None:
    loan = loans.loan(shares_cents=[1_000_00], term_months=12)
    _without_base_rates()
    loans.pay(loan, _open_cents(loan.pk), on=_last_day(loan))
    with pytest.raises(Overpayment):
        loans.pay(loan, 1, on=_last_day(loan))


def test_without_the_money_nothing_is_written() -> None:
    loan = loans.loan()
    loans.give_collected(loan.borrower, 10_00, on=loan.first_due_on)
    with pytest.raises(InsufficientFunds):
        repay(
            loan_id=loan.pk,
            amount_cents=10_01,
            reference="too-much",
            received_on=loan.first_due_on,
            at=loans.noon(loan.first_due_on),
        )
    assert not Repayment.objects.exists()
    assert not RepaymentShare.objects.exists()
    assert balance_cents(Role.CASH, loan.borrower_id) == 10_00


@pytest.mark.parametrize(("loan_offset", "cents", "error"), [(0, 0, EmptyEntry), (9, 1, NotFound)])
def test_nothing_to_pay_and_nobody_to_pay_are_refused(
    loan_offset: int, cents: int, error: type[Exception]
) -> None:
    loan = loans.loan()
    with pytest.raises(error):
        repay(
            loan_id=loan.pk + loan_offset,
            amount_cents=cents,
            reference="none",
            received_on=loan.first_due_on,
            at=loans.noon(loan.first_due_on),
        )


def test_a_loan_in_default_is_still_paid_in_the_same_order() -> None:
    loan = loans.loan()
    type(loan).objects.filter(pk=loan.pk).update(status=LoanStatus.DEFAULTED)
    first = loan.instalments.get(number=1)
    loans.pay(loan, first.total_cents, on=first.due_on + timedelta(days=120))
    first.refresh_from_db()
    assert first.paid_on == first.due_on + timedelta(days=120)


def test_the_timeline_says_what_was_paid() -> None:
    loan = loans.loan()
    repayment = loans.pay(loan, 42_00, on=loan.first_due_on)
    event = LoanEvent.objects.get(loan=loan, kind="paid")
    assert (event.on, event.amount_cents) == (loan.first_due_on, 42_00)
    assert event.key == f"paid:{repayment.pk}"


def test_a_new_round_is_asked_for_once_lenders_have_new_cash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("lending.services.repayments.enqueue", asked.append)
    loan = loans.loan()
    loans.pay(loan, 42_00, on=loan.first_due_on)
    assert asked == ["matching.round_requested"]


def test_the_number_of_queries_does_not_grow_with_the_lenders() -> None:
    counts = []
    for holders in (1, 1, 12):  # the very first opens the platform's accounts
        loan = loans.loan(shares_cents=[1_000_00, *[25_00] * (holders - 1)])
        loans.give_collected(loan.borrower, 100_00, on=loan.first_due_on)
        with CaptureQueriesContext(connection) as queries:
            repay(
                loan_id=loan.pk,
                amount_cents=20_00,
                reference=f"count-{loan.pk}",
                received_on=loan.first_due_on,
                at=loans.noon(loan.first_due_on),
            )
        counts.append(len(queries))
    assert counts[1] == counts[2]
