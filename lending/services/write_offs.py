"""Principal that is given up: off each lender's holding by what it is still owed, one entry."""

from __future__ import annotations

from datetime import date, datetime

from core.clock import day_of
from core.transitions import advance
from lending.models import (
    ArrearsCase,
    ArrearsProposal,
    LoanEventKind,
    PlanReason,
    WriteOffKind,
)
from lending.services.arrears_moves import move_case
from lending.services.given_up import give_up_principal
from lending.services.plans import make_plan
from lending.services.sharing import LockedLoan, lock_loan
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, ArrearsStage, LoanStatus
from notifications.services import Notice, notify_all


def write_off(
    *, case_id: int, proposal: ArrearsProposal, at: datetime, is_seconded: bool
) -> ArrearsCase:
    """Write off all that is outstanding; the borrower still owes it, and recoveries are shared.

    Raises GuardHolds or IllegalTransition.
    """
    case, on = ArrearsCase.objects.get(pk=case_id), day_of(at)
    locked = lock_loan(case.loan_id, on=on, at=at)
    loan = case.loan = locked.loan
    move_case(
        case,
        ArrearsStage.WRITTEN_OFF,
        on=on,
        at=at,
        actor_id=proposal.proposed_by_id,
        is_seconded=is_seconded,
        reason=proposal.reason,
    )
    lost = give_up(
        locked,
        loan.outstanding_cents,
        WriteOffKind.WRITTEN_OFF,
        proposal=proposal,
        on=on,
        at=at,
    )
    make_plan(loan=loan, reason=PlanReason.WRITTEN_OFF, instalments=[], on=on, at=at)
    advance(
        loan,
        LoanStatus.WRITTEN_OFF,
        table=LOAN_TRANSITIONS,
        at=at,
        actor_id=proposal.proposed_by_id,
        reason=proposal.reason,
        closed_on=on,
    )
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.WRITTEN_OFF,
        on=on,
        key=f"written_off:{case.pk}",
        amount_cents=sum(lost.values()),
    )
    notify_all(kind="holding_written_off", notices=loss_notices(locked, lost, proposal), at=at)
    return case


def give_up(
    locked: LockedLoan,
    cents: int,
    kind: WriteOffKind,
    *,
    proposal: ArrearsProposal,
    on: date,
    at: datetime,
) -> dict[int, int]:
    """Take `cents` of principal off a locked loan and its holdings; lender -> what was lost.

    Each holding loses by what it is still owed. The caller makes the plan that is left.
    """
    if not cents:
        return {}
    given_up = give_up_principal(
        locked.loan,
        cents,
        kind,
        locked.accounts,
        reference=f"write-off:{proposal.pk}",
        reason=proposal.reason,
        decided_by=proposal.decided_by or proposal.proposed_by,
        on=on,
        at=at,
    )
    return dict(given_up.shares.values_list("holding__lender_id", "principal_cents"))


def loss_notices(
    locked: LockedLoan, lost: dict[int, int], proposal: ArrearsProposal, **facts: object
) -> list[Notice]:
    """What each lender of a loan is told about its loss."""
    loan = locked.loan
    return [
        Notice(
            lender_id,
            f"{proposal.act}:{proposal.pk}:{lender_id}",
            {"loan_id": loan.pk, "number": loan.number, "lost_cents": cents, **facts},
        )
        for lender_id, cents in sorted(lost.items())
    ]
