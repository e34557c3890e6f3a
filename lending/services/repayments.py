"""Repayment: what a borrower pays is shared out to the lenders, to the cent, in one transaction.

Only what is due is taken. More than that stays in the borrower's wallet, where it can be repaid
early (`early_repayment`) or withdrawn: it is never kept and never prepaid without being asked.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.errors import NotFound
from core.jobs import enqueue
from ledger.chart import Role as AccountRole
from ledger.errors import EmptyEntry, InsufficientFunds
from ledger.selectors import balance_cents
from lending.domain.waterfall import Order, allocate_payment, allocate_to_dues
from lending.errors import NothingDue, Overpayment
from lending.models import FeeKind, Loan, LoanEventKind, Repayment, RepaymentKind
from lending.selectors.charges import Payable, payable
from lending.selectors.fees import fee_rate
from lending.services.closing import close_if_settled
from lending.services.default_interest import charge_default_interest
from lending.services.sharing import Settled, book, earlier_payment, lock_loan
from lending.services.timeline import note_event

NO_LENDER_FEE: Final = Decimal(0)


@transaction.atomic
def repay(
    *,
    loan_id: int,
    amount_cents: int,
    reference: str,
    received_on: date,
    at: datetime,
    instalment_id: int | None = None,
) -> Repayment:
    """Pay `amount_cents` of the borrower's cash to the lenders of a loan.

    Settles what is due on `received_on` in the order of section 497(3) BGB: costs of legal
    pursuit, instalments with their interest from the oldest on, default interest. A part payment
    is welcome. The same `reference` again returns the payment that it made.

    Args:
        instalment_id: the instalment that was debited; it counts as due whatever the day.
    Raises NotFound, EmptyEntry, Overpayment (more than is due), InsufficientFunds, or
    ReferenceReused.
    """
    if amount_cents <= 0:
        raise EmptyEntry(reference)
    locked = lock_loan(loan_id, on=received_on, at=at)
    if earlier := earlier_payment(reference, loan_id, amount_cents):
        return earlier
    due = payable(locked.loan, received_on, instalment_id)
    repayment = book(
        locked,
        _settle(locked.loan, amount_cents, due),
        kind=RepaymentKind.DUES,
        reference=reference,
        received_on=received_on,
        at=at,
        fee_rate=_lender_fee(locked.loan, received_on),
    )
    if due.is_late:
        charge_default_interest(loan_id=loan_id, on=received_on)
    note_payment(repayment, at=at)
    return repayment


def pay_from_wallet(
    *, borrower: User, loan_id: int, on: date, at: datetime, request_key: UUID
) -> Repayment:
    """Pay what is due on a loan of this borrower, as far as the wallet goes.

    The same `request_key` again returns what it paid. Raises NotFound, NothingDue, or
    InsufficientFunds.
    """
    loan = Loan.objects.filter(pk=loan_id, borrower=borrower).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    reference = f"wallet:{request_key}"
    if earlier := earlier_payment(reference, loan_id, None):
        return earlier
    due_cents = payable(loan, on).total_cents
    if not due_cents:
        raise NothingDue(f"{loan} on {on}")
    cash_cents = balance_cents(AccountRole.CASH, borrower.pk)
    if not cash_cents:
        raise InsufficientFunds(reference)
    return repay(
        loan_id=loan_id,
        amount_cents=min(due_cents, cash_cents),
        reference=reference,
        received_on=on,
        at=at,
    )


def _settle(loan: Loan, amount_cents: int, due: Payable) -> Settled:
    """Decide where every cent goes, by the order that the loan names."""
    paid = allocate_payment(
        amount_cents,
        legal_costs_cents=due.costs_cents,
        amount_owed_cents=due.dues_cents,
        default_interest_cents=due.default_interest_cents,
        order=cast(Order, loan.allocation),
    )
    if paid.left_over_cents:
        raise Overpayment(f"{loan}: {due.total_cents} cents are due", due_cents=due.total_cents)
    return Settled(
        parts=allocate_to_dues(paid.amount_owed_cents, due.dues),
        default_interest_cents=paid.default_interest_cents,
        costs_cents=paid.legal_costs_cents,
    )


def _lender_fee(loan: Loan, on: date) -> Decimal:
    """No fee is taken from what lenders get back because the borrower withdrew."""
    return NO_LENDER_FEE if loan.withdrawn_on else fee_rate(FeeKind.LENDER, on)


def note_payment(repayment: Repayment, *, at: datetime) -> None:
    """What follows from a payment just booked: the timeline, perhaps the end of the loan."""
    loan, on = repayment.loan, repayment.received_on
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.PAID,
        on=on,
        key=f"paid:{repayment.pk}",
        amount_cents=repayment.amount_cents,
    )
    close_if_settled(repayment, at=at)
    enqueue("matching.round_requested")
