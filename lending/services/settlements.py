"""Settlement: an agreed sum is paid on a loan called due, and the rest is waived."""

from __future__ import annotations

from datetime import datetime

from core.clock import day_of
from core.transitions import advance
from lending.domain.default_interest import NOT_PURSUED_BELOW_CENTS
from lending.errors import NothingWaived, Overpayment
from lending.models import (
    ArrearsCase,
    ArrearsProposal,
    LoanEventKind,
    PlanReason,
    WriteOffKind,
)
from lending.selectors.charges import payable
from lending.services.arrears_moves import move_case
from lending.services.outside_money import OPERATOR, bring_in
from lending.services.plans import make_plan
from lending.services.recoveries import Source
from lending.services.repayments import repay
from lending.services.sharing import LockedLoan, lock_loan
from lending.services.timeline import note_event
from lending.services.write_offs import give_up, loss_notices
from lending.states import LOAN_TRANSITIONS, ArrearsStage, LoanStatus
from notifications.services import notify, notify_all


def settle(
    *, case_id: int, proposal: ArrearsProposal, at: datetime, is_seconded: bool
) -> ArrearsCase:
    """Take the agreed sum as a payment in default and waive what is left.

    `proposal.terms` names `cents` and `source`. Raises GuardHolds, IllegalTransition, Overpayment
    (the sum is no less than all that is owed), NothingWaived, NoMoneyForIt, or InsufficientFunds.
    """
    case, on = ArrearsCase.objects.get(pk=case_id), day_of(at)
    locked = lock_loan(case.loan_id, on=on, at=at, more=OPERATOR)
    loan = case.loan = locked.loan
    cents = int(proposal.terms["cents"])
    owed_cents = payable(loan, on).total_cents
    if cents >= owed_cents:
        raise Overpayment(f"{loan} owes {owed_cents}", due_cents=owed_cents)
    if owed_cents - cents < NOT_PURSUED_BELOW_CENTS:
        raise NothingWaived(f"{loan} owes {owed_cents}", least_cents=NOT_PURSUED_BELOW_CENTS)
    move_case(
        case,
        ArrearsStage.SETTLED,
        on=on,
        at=at,
        actor_id=proposal.proposed_by_id,
        is_seconded=is_seconded,
        reason=proposal.reason,
    )
    reference = f"settlement-{proposal.pk}"
    if proposal.terms["source"] == Source.OUTSIDE:
        bring_in(locked, cents, reference=reference, on=on, at=at)
    repay(loan_id=loan.pk, amount_cents=cents, reference=reference, received_on=on, at=at)
    loan.refresh_from_db()
    lost = give_up(
        locked, loan.outstanding_cents, WriteOffKind.WAIVED, proposal=proposal, on=on, at=at
    )
    make_plan(loan=loan, reason=PlanReason.WAIVER, instalments=[], on=on, at=at)
    advance(
        loan,
        LoanStatus.SETTLED,
        table=LOAN_TRANSITIONS,
        at=at,
        actor_id=proposal.proposed_by_id,
        reason=proposal.reason,
        closed_on=on,
    )
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.SETTLED,
        on=on,
        key=f"settled:{case.pk}",
        amount_cents=cents,
    )
    _tell(locked, lost, cents, proposal, at=at)
    return case


def _tell(
    locked: LockedLoan,
    lost: dict[int, int],
    cents: int,
    proposal: ArrearsProposal,
    *,
    at: datetime,
) -> None:
    loan = locked.loan
    notify_all(kind="holding_settled", notices=loss_notices(locked, lost, proposal), at=at)
    notify(
        person_id=loan.borrower_id,
        kind="loan_settled",
        key=f"loan_settled:{loan.pk}",
        facts={"loan_id": loan.pk, "number": loan.number, "paid_cents": cents},
        at=at,
    )
