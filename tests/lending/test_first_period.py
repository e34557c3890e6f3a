"""A loan whose odd days are paid with its first instalment, through its whole life."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from lending.choices import FirstPeriod
from lending.models import Loan
from lending.selectors.early_repayment import Keep, part_quote, payoff_quote
from lending.services.breaks import take_break
from lending.services.contract_figures import document_words, figures_of
from lending.services.disbursements import disburse
from lending.services.early_repayment import repay_early
from lending.services.schedule_words import schedule_words
from lending.states import LoanStatus
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

PAID_OUT_ON = date(2026, 1, 20)
FIRST_DUE_ON = date(2026, 3, 1)
STUB = {
    "shares_cents": [6_000_00, 4_000_00],
    "due_day": 1,
    "first_period": FirstPeriod.STUB,
    "at": loans.noon(PAID_OUT_ON),
}


def _loan() -> Loan:
    """10,000 at 8 % over 36 months; eleven odd days lie before the first whole month."""
    return loans.loan(**STUB)  # type: ignore[arg-type]


def _totals(loan: Loan) -> list[int]:
    return [row.total_cents for row in loan.instalments.unpaid().order_by("number")]


def test_contract_loan_and_schedule_show_the_same_first_instalment() -> None:
    request = loans.signed_request(**STUB)  # type: ignore[arg-type]
    figures = figures_of(request, at=loans.noon(PAID_OUT_ON))
    loan = disburse(request_id=request.pk, on=PAID_OUT_ON, at=loans.noon(PAID_OUT_ON))
    assert (loan.first_period, loan.first_due_on) == (FirstPeriod.STUB, FIRST_DUE_ON)
    assert _totals(loan) == [337_81] + [313_37] * 34 + [313_10]
    assert [row[2] + row[3] for row in figures["schedule"]] == _totals(loan)
    assert figures["first_instalment_cents"] == 337_81
    for language, first in (("de", "337,81\xa0€"), ("en", "€337.81")):
        words = document_words(figures, language, signed_at=None)
        assert words["first_instalment"] == first
        assert words["schedule"][0][2] == first
        rows = schedule_words(loan.borrower, loan.pk, language, at=loans.noon(PAID_OUT_ON))["rows"]
        assert rows[0][2] == first


def test_contracts_of_equal_instalments_name_no_other_first_one() -> None:
    request = loans.signed_request(**STUB | {"first_period": FirstPeriod.EQUAL})  # type: ignore[arg-type]
    figures = figures_of(request, at=loans.noon(PAID_OUT_ON))
    assert document_words(figures, "en", signed_at=None)["first_instalment"] == ""
    del figures["first_instalment_cents"]  # as contracts were stored before there was a choice
    assert document_words(figures, "en", signed_at=None)["first_instalment"] == ""


def test_paid_as_planned_with_a_break_it_is_repaid_to_the_cent() -> None:
    loan = _loan()
    loans.pay_instalments(loan, 4)
    on = FIRST_DUE_ON + timedelta(days=95)
    take_break(
        borrower=loan.borrower,
        loan_id=loan.pk,
        numbers=[6],
        collect="spread",
        request_key=uuid4(),
        on=on,
        at=loans.noon(on),
    )
    loans.pay_instalments(loan, 32)
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.REPAID, 0)
    assert_money("ledger", "lending")


@pytest.mark.parametrize("keep", ["instalment", "term"])
def test_a_part_paid_before_the_first_whole_month_leaves_the_odd_days_to_the_first(
    keep: Keep,
) -> None:
    loan, on = _loan(), PAID_OUT_ON + timedelta(days=5)
    part = part_quote(
        borrower=loan.borrower, loan_id=loan.pk, amount_cents=2_000_00, keep=keep, on=on
    )
    assert part.payoff.interest.to_the_day_cents == 11_11  # five days of 30/360 on 10,000.00
    loans.give_collected(loan.borrower, 2_000_00, on=on)
    repay_early(
        borrower=loan.borrower,
        loan_id=loan.pk,
        amount_cents=2_000_00,
        keep=keep,
        on=on,
        at=loans.noon(on),
        request_key=uuid4(),
    )
    loan.refresh_from_db()
    first, *others, last = _totals(loan)
    odd_cents = round(loan.outstanding_cents * Decimal("0.08") * 36 / 360)
    odd_cents -= round(loan.outstanding_cents * Decimal("0.08") / 12)
    assert set(others) == {part.instalment_cents}
    assert first == part.instalment_cents + odd_cents
    assert last <= part.instalment_cents
    assert (part.instalment_cents == 313_37) == (keep == "instalment")
    loans.pay_instalments(loan, len(others) + 2)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert_money("ledger", "lending")


def test_repaid_in_full_within_the_first_period_it_bears_interest_for_its_days() -> None:
    loan, on = _loan(), PAID_OUT_ON + timedelta(days=30)
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=on)
    assert quote.interest.to_the_day_cents == 64_44  # 29 days of 30/360 to 19 February
    planned = sum(row.interest_cents for row in loan.instalments.all())
    assert quote.interest.saved_cents == planned - 64_44
