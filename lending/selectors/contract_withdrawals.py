"""The right to withdraw from a contract within 14 days: until when, and what is given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from accounts.models import User
from core.clock import day_of
from core.money import to_cents
from lending.domain.day_count import year_fraction
from lending.errors import WithdrawalOver
from lending.models import Loan
from lending.selectors.loans import loan_of_borrower

WITHDRAWAL_DAYS: Final = 14
PAY_BACK_DAYS: Final = 30


def withdraw_until(signed_at: datetime) -> date:
    """The last day on which a borrower may withdraw from a contract signed at `signed_at`."""
    return day_of(signed_at) + timedelta(days=WITHDRAWAL_DAYS)


@dataclass(frozen=True)
class WithdrawalTerms:
    """What withdrawing means on one day; the same figures once it is declared.

    Attributes:
        until: the last day on which the right can be used.
        pay_by: the last day on which the money may be given back.
        principal_cents: the whole loan.
        fee_cents: what was kept from the payout and is given back, so that it is not paid twice.
        interest_cents: contract interest from payout to the day; `per_day_cents` for each day.
    """

    loan: Loan
    on: date
    until: date
    pay_by: date
    principal_cents: int
    fee_cents: int
    interest_cents: int
    per_day_cents: int

    @property
    def is_declared(self) -> bool:
        """Whether the borrower has withdrawn already."""
        return self.loan.withdrawn_on is not None

    @property
    def total_cents(self) -> int:
        """What the borrower gives back on that day, the fee being given back in turn."""
        return self.principal_cents + self.interest_cents - self.fee_cents


def withdrawal_terms(*, borrower: User, loan_id: int, on: date) -> WithdrawalTerms:
    """The terms for this borrower's loan. Raises NotFound, or WithdrawalOver."""
    return terms_of(loan_of_borrower(borrower, loan_id), on)


def terms_of(loan: Loan, on: date) -> WithdrawalTerms:
    """The terms for a loan on a day; raises WithdrawalOver when it is too late to withdraw."""
    signed_at = loan.request.accepted_at
    until = withdraw_until(signed_at) if signed_at else loan.disbursed_on
    if loan.closed_on is not None or (loan.withdrawn_on is None and on > until):
        raise WithdrawalOver(until=until)
    years = year_fraction(loan.disbursed_on, max(on, loan.disbursed_on), loan.day_count)  # type: ignore[arg-type]
    exact = loan.outstanding_cents * loan.annual_rate * years.numerator / years.denominator
    per_day = loan.outstanding_cents * loan.annual_rate / 360
    return WithdrawalTerms(
        loan=loan,
        on=on,
        until=until,
        pay_by=(loan.withdrawn_on or on) + timedelta(days=PAY_BACK_DAYS),
        principal_cents=loan.outstanding_cents,
        fee_cents=loan.fee_cents,
        interest_cents=to_cents(exact),
        per_day_cents=to_cents(per_day),
    )
