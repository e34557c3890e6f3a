"""Early repayment on real loans: in full, in part, late quotes, the fee's way back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from core.errors import NotFound
from ledger.chart import Role
from ledger.errors import InsufficientFunds
from ledger.selectors import balance_cents
from lending.errors import CannotRepayEarly, TooLittleForEarly
from lending.models import InstalmentKind, Loan, PlanReason, Repayment, RepaymentKind
from lending.selectors.early_repayment import Keep, part_quote, payoff_quote
from lending.services.early_repayment import repay_early
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def _loan() -> tuple[Loan, date]:
    """10,000 at 8 % over 36 months after twelve instalments, and the tenth day after the last."""
    loan = loans.loan(
        shares_cents=[6_000_00, 3_975_00, 25_00],
        term_months=36,
        annual_rate=Decimal("0.08"),
        due_day=15,
    )
    last = loans.pay_instalments(loan, 12)[-1]
    loan.refresh_from_db()
    return loan, last.received_on + timedelta(days=10)


def _repay(
    loan: Loan, cents: int, on: date, keep: Keep = "instalment", key: object = None
) -> Repayment:
    return repay_early(
        borrower=loan.borrower,
        loan_id=loan.pk,
        amount_cents=cents,
        keep=keep,
        on=on,
        at=loans.noon(on),
        request_key=key or uuid4(),  # type: ignore[arg-type]
    )


def test_the_quote_ends_the_loan_to_the_cent_and_gives_the_fee_back_for_the_time_left() -> None:
    loan, on = _loan()
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=on)
    assert quote.principal_cents == loan.outstanding_cents
    assert quote.interest.to_the_day_cents == round(loan.outstanding_cents * Decimal("0.08") / 36)
    last_due = loan.instalments.get(number=36).due_on
    days_left = Decimal((last_due - on).days) / (last_due - loan.disbursed_on).days
    assert quote.fee_refund_cents == round(loan.fee_cents * days_left)
    assert (quote.compensation_cents, quote.valid_until) == (0, on)
    assert 0 < quote.cap_cents <= quote.principal_cents // 100
    loans.give_collected(loan.borrower, quote.total_cents, on=on)
    repayment = _repay(loan, quote.total_cents, on)
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents, loan.closed_on) == (LoanStatus.REPAID, 0, on)
    assert {row.outstanding_cents for row in loan.holdings.all()} == {0}
    assert (repayment.kind, repayment.fee_refund_cents) == (
        RepaymentKind.EARLY,
        quote.fee_refund_cents,
    )
    assert balance_cents(Role.CASH, loan.borrower_id) == 0
    assert loan.plans.order_by("-version")[0].reason == PlanReason.REPAID_EARLY
    assert loan.instalments.filter(superseded_on=on).count() == 24
    assert_money("ledger", "lending")


def test_more_than_the_quote_takes_no_more_than_the_quote() -> None:
    loan, on = _loan()
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=on)
    loans.give_collected(loan.borrower, quote.total_cents + 50_00, on=on)
    _repay(loan, quote.total_cents + 50_00, on)
    assert balance_cents(Role.CASH, loan.borrower_id) == 50_00


def test_a_payment_that_misses_the_quote_is_booked_as_a_part_repayment() -> None:
    loan, on = _loan()
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=on)
    late = on + timedelta(days=10)
    loans.give_collected(loan.borrower, quote.total_cents, on=late)
    _repay(loan, quote.total_cents - 300_00, late)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.ACTIVE
    assert 0 < loan.outstanding_cents < 500_00
    assert_money("ledger", "lending")


@pytest.mark.parametrize("keep", ["instalment", "term"])
def test_a_part_shortens_the_term_or_lowers_the_instalment(keep: Keep) -> None:
    loan, on = _loan()
    before = list(loan.instalments.unpaid().order_by("number"))
    part = part_quote(
        borrower=loan.borrower, loan_id=loan.pk, amount_cents=2_000_00, keep=keep, on=on
    )
    loans.give_collected(loan.borrower, 2_000_00, on=on)
    repayment = _repay(loan, 2_000_00, on, keep)
    loan.refresh_from_db()
    after = list(loan.instalments.unpaid().order_by("number"))
    assert [(row.due_on, row.total_cents) for row in after] == [
        (row.due_on, row.total_cents) for row in part.plan
    ]
    if keep == "instalment":
        assert len(after) < len(before)
        assert after[0].total_cents == before[0].total_cents
    else:
        assert [row.due_on for row in after] == [row.due_on for row in before]
        assert after[0].total_cents < before[0].total_cents
    assert sum(row.principal_cents for row in after) == loan.outstanding_cents
    assert part.saved_cents > 0
    early = loan.instalments.get(kind=InstalmentKind.EARLY)
    assert (early.due_on, early.paid_on, early.number) == (on, on, 13)
    assert repayment.amount_cents == 2_000_00
    assert balance_cents(Role.CASH, loan.borrower_id) == part.fee_refund_cents
    assert loan.plans.count() == 2
    assert_money("ledger", "lending")
    loans.pay_instalments(loan, len(after))
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert {row.outstanding_cents for row in loan.holdings.all()} == {0}
    assert_money("ledger", "lending")


def test_what_is_due_is_paid_first_with_its_default_interest() -> None:
    loan, on = _loan()
    late = on + timedelta(days=60)
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=late)
    assert quote.due.dues_cents == 2 * loan.instalments.get(number=13).total_cents
    assert quote.due.default_interest_cents > 0
    loans.give_collected(loan.borrower, 1_500_00, on=late)
    early = _repay(loan, 1_500_00, late)
    dues = loan.repayments.get(reference__startswith="early-dues:")
    assert dues.amount_cents == quote.due.total_cents
    assert dues.amount_cents + early.amount_cents == 1_500_00
    assert_money("ledger", "lending")


def test_twice_with_one_key_pays_once() -> None:
    loan, on = _loan()
    loans.give_collected(loan.borrower, 2_000_00, on=on)
    key = uuid4()
    first, again = (_repay(loan, 1_000_00, on, key=key) for _ in "ab")
    assert first.pk == again.pk
    assert loan.plans.count() == 2


def test_two_parts_then_the_rest_never_give_back_more_than_the_fee() -> None:
    loan, on = _loan()
    for days, cents in ((0, 1_000_00), (40, 2_000_00)):
        day = on + timedelta(days=days)
        loans.pay_instalments(loan, 1 if days else 0)
        loans.give_collected(loan.borrower, cents, on=day)
        _repay(loan, cents, day, "term")
    day = on + timedelta(days=45)
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=day)
    loans.give_collected(loan.borrower, quote.total_cents, on=day)
    _repay(loan, quote.total_cents, day)
    refunds = sum(row.fee_refund_cents for row in loan.repayments.all())
    assert 0 < refunds < loan.fee_cents
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert_money("ledger", "lending")


def test_refusals_leave_everything_as_it_was() -> None:
    loan, on = _loan()
    with pytest.raises(NotFound):
        repay_early(
            borrower=people.borrower(),
            loan_id=loan.pk,
            amount_cents=1_000_00,
            keep="term",
            on=on,
            at=loans.noon(on),
            request_key=uuid4(),
        )
    with pytest.raises(InsufficientFunds):
        _repay(loan, 1_000_00, on)
    loans.give_collected(loan.borrower, 1_000_00, on=on)
    with pytest.raises(TooLittleForEarly):
        _repay(loan, 1, on)
    Loan.objects.filter(pk=loan.pk).update(terminated_on=on)
    with pytest.raises(CannotRepayEarly):
        _repay(loan, 1_000_00, on)
    assert loan.plans.count() == 1
    assert balance_cents(Role.CASH, loan.borrower_id) == 1_000_00
