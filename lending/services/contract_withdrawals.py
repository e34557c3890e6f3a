"""Withdrawal from the contract within 14 days, without a reason: everything is unwound.

Declared on one screen, it replaces the plan by one payment due within thirty days: the principal
and the interest for each day. The lenders get both without a fee, the borrower gets the fee back.
Before payout a withdrawal simply ends the request (`requests.withdraw_request`).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from core.errors import IllegalTransition, NotFound
from ledger.chart import Role
from ledger.selectors import balance_cents
from lending.domain.waterfall import DuePart
from lending.errors import WithdrawalOver
from lending.models import InstalmentKind, Loan, LoanEventKind, PlanReason, RepaymentKind
from lending.selectors.charges import payable
from lending.selectors.contract_withdrawals import WithdrawalTerms, terms_of
from lending.services.closing import refund_fee
from lending.services.plans import PlannedInstalment, make_plan
from lending.services.repayments import NO_LENDER_FEE, note_payment, repay
from lending.services.sharing import Settled, book, lock_loan
from lending.services.timeline import note_event
from lending.states import LoanStatus
from notifications.services import Notice, notify, notify_all


@transaction.atomic
def withdraw_from_contract(*, borrower: User, loan_id: int, on: date, at: datetime) -> Loan:
    """Declare the withdrawal; where the wallet covers it, the money is given back at once.

    Declaring twice changes nothing. Raises NotFound, WithdrawalOver, or IllegalTransition.
    """
    loan = _locked_own(borrower, loan_id, on, at)
    if loan.withdrawn_on is None:
        if loan.status != LoanStatus.ACTIVE or loan.repayments.exists():
            raise WithdrawalOver(until=terms_of(loan, on).until)
        terms = terms_of(loan, on)
        loan.withdrawn_on = on
        loan.save(update_fields=["withdrawn_on"])
        _plan(loan, terms.pay_by, terms_of(loan, terms.pay_by).interest_cents, on=on, at=at)
        _tell(loan, terms, at=at)
    if loan.closed_on is None and _covers(loan, on):
        give_back(borrower=borrower, loan_id=loan_id, on=on, at=at)
        loan.refresh_from_db()
    return loan


@transaction.atomic
def give_back(*, borrower: User, loan_id: int, on: date, at: datetime) -> Loan:
    """Pay everything back out of the wallet after a declared withdrawal.

    Interest counts to the day; from the last day for giving back on, what is due is paid as on any
    loan. Doing it twice books once. Raises NotFound, IllegalTransition (nothing was declared), or
    InsufficientFunds.
    """
    loan = _locked_own(borrower, loan_id, on, at)
    if loan.withdrawn_on is None:
        raise IllegalTransition(f"{loan} was not withdrawn from")
    if loan.closed_on is not None:
        return loan
    terms = terms_of(loan, on)
    refund_fee(loan, on=on, at=at)
    if on >= terms.pay_by or loan.repayments.exists():
        repay(
            loan_id=loan.pk,
            amount_cents=payable(loan, on).total_cents,
            reference=f"give-back:{loan.number}:{on}",
            received_on=on,
            at=at,
        )
    else:
        _pay(_plan(loan, on, terms.interest_cents, on=on, at=at), loan, on=on, at=at)
    loan.refresh_from_db()
    return loan


def _locked_own(borrower: User, loan_id: int, on: date, at: datetime) -> Loan:
    own = Loan.objects.filter(pk=loan_id, borrower=borrower).exists()
    if not own:
        raise NotFound(f"loan {loan_id}")
    return lock_loan(loan_id, on=on, at=at).loan


def _covers(loan: Loan, on: date) -> bool:
    return balance_cents(Role.CASH, loan.borrower_id) >= terms_of(loan, on).total_cents


def _plan(
    loan: Loan, due_on: date, interest_cents: int, *, on: date, at: datetime
) -> PlannedInstalment:
    """Replace the plan by one payment of everything."""
    paid = loan.instalments.current().filter(paid_on__isnull=False)
    number = int(paid.aggregate(last=Max("number"))["last"] or 0) + 1
    everything = PlannedInstalment(
        number, due_on, loan.outstanding_cents, interest_cents, kind=InstalmentKind.WITHDRAWN
    )
    make_plan(loan=loan, reason=PlanReason.WITHDRAWN, instalments=[everything], on=on, at=at)
    return everything


def _pay(row: PlannedInstalment, loan: Loan, *, on: date, at: datetime) -> None:
    repayment = book(
        lock_loan(loan.pk, on=on, at=at),
        Settled(parts=[DuePart(row.number, row.principal_cents, row.interest_cents)]),
        kind=RepaymentKind.WITHDRAWAL,
        reference=f"give-back:{loan.number}",
        received_on=on,
        at=at,
        fee_rate=NO_LENDER_FEE,
    )
    note_payment(repayment, at=at)


def _tell(loan: Loan, terms: WithdrawalTerms, *, at: datetime) -> None:
    """Both sides hear of it: the borrower what to give back, the lenders that they get it."""
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.WITHDRAWN,
        on=terms.on,
        key=f"withdrawal:{loan.pk}",
        amount_cents=loan.principal_cents,
    )
    facts = {"loan_id": loan.pk, "number": loan.number}
    notify(
        person_id=loan.borrower_id,
        kind="contract_withdrawn",
        key=f"contract_withdrawn:{loan.pk}",
        facts=facts
        | {
            "total_cents": terms.total_cents,
            "per_day_cents": terms.per_day_cents,
            "pay_by_on": terms.pay_by,
        },
        at=at,
    )
    lenders = loan.holdings.order_by("lender_id").values_list("lender_id", flat=True)
    notices = [
        Notice(lender, f"holding_withdrawn:{loan.pk}:{lender}", facts | {"pay_by_on": terms.pay_by})
        for lender in lenders
    ]
    notify_all(kind="holding_withdrawn", notices=notices, at=at)
