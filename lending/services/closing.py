"""The end of a loan: the last cent that is owed closes it, as repaid or as given back."""

from __future__ import annotations

from datetime import date, datetime

from core.transitions import advance
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.services import Move, locked_accounts, post_entry
from lending.domain.default_interest import NOT_PURSUED_BELOW_CENTS
from lending.models import Loan, LoanEventKind, Repayment
from lending.selectors.charges import payable
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, LoanStatus
from notifications.services import notify


def close_if_settled(last: Repayment, *, at: datetime) -> None:
    """Close the loan of a payment just booked when nothing is owed on it any more."""
    loan, on = last.loan, last.received_on
    if not _is_settled(loan, on):
        return
    if loan.withdrawn_on is not None:
        refund_fee(loan, on=on, at=at)
        to, event, kind = LoanStatus.WITHDRAWN, LoanEventKind.WITHDRAWN, "loan_given_back"
    else:
        to, event, kind = LoanStatus.REPAID, LoanEventKind.REPAID, "loan_repaid"
    advance(loan, to, table=LOAN_TRANSITIONS, at=at, closed_on=on)
    note_event(loan_id=loan.pk, kind=event, on=on, key=f"{to}:{last.pk}")
    notify(
        person_id=loan.borrower_id,
        kind=kind,
        key=f"{kind}:{last.pk}",
        facts={"loan_id": loan.pk, "number": loan.number, "fee_cents": loan.fee_cents},
        at=at,
    )


def _is_settled(loan: Loan, on: date) -> bool:
    """Whether nothing is left but less default interest than is pursued."""
    if loan.instalments.unpaid().exists():
        return False
    left = payable(loan, on)
    return not left.costs_cents and left.default_interest_cents < NOT_PURSUED_BELOW_CENTS


def refund_fee(loan: Loan, *, on: date, at: datetime) -> None:
    """Give the loan's fee back to a borrower who withdrew, once."""
    if not loan.fee_cents:
        return
    accounts = locked_accounts({Role.FEES: [PLATFORM_ID], Role.CASH: [loan.borrower_id]})
    fees, cash = accounts[Role.FEES][PLATFORM_ID], accounts[Role.CASH][loan.borrower_id]
    post_entry(
        reference=f"contract-withdrawal:{loan.number}",
        kind=EntryKind.CONTRACT_WITHDRAWN,
        effective_on=on,
        at=at,
        moves=[Move(fees, cash, loan.fee_cents)],
    )
