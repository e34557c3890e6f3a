"""Principal that is given up: off each lender's holding by what it is still owed, one entry."""

from __future__ import annotations

from datetime import date, datetime

from core.clock import day_of
from core.money import split_cents
from core.transitions import advance
from ledger.chart import EntryKind, Role
from ledger.services import Move, post_entry
from lending.models import (
    ArrearsCase,
    ArrearsProposal,
    Holding,
    LoanEventKind,
    PlanReason,
    WriteOff,
    WriteOffKind,
    WriteOffShare,
)
from lending.services.arrears_moves import move_case
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
    loan, accounts = locked.loan, locked.accounts
    rows = Holding.objects.select_for_update(no_key=True).filter(loan=loan).order_by("id")
    holdings = list(rows)
    shares = split_cents(cents, [holding.outstanding_cents for holding in holdings])
    losses = [pair for pair in zip(holdings, shares, strict=True) if pair[1]]
    invested, principal = accounts[Role.INVESTED], accounts[Role.PRINCIPAL][loan.pk]
    entry = post_entry(
        reference=f"write-off:{proposal.pk}",
        kind=EntryKind.WRITE_OFF,
        effective_on=on,
        at=at,
        moves=[Move(invested[holding.lender_id], principal, lost) for holding, lost in losses],
    )
    given_up = WriteOff.objects.create(
        loan=loan,
        kind=kind,
        on=on,
        at=at,
        principal_cents=cents,
        reason=proposal.reason,
        decided_by=proposal.decided_by or proposal.proposed_by,
        entry=entry,
    )
    WriteOffShare.objects.bulk_create(
        WriteOffShare(write_off=given_up, holding=holding, principal_cents=lost)
        for holding, lost in losses
    )
    for holding, lost in losses:
        holding.outstanding_cents -= lost
        holding.written_off_cents += lost
    Holding.objects.bulk_update(
        [holding for holding, _ in losses], ["outstanding_cents", "written_off_cents"]
    )
    loan.outstanding_cents -= cents
    loan.save(update_fields=["outstanding_cents"])
    return {holding.lender_id: lost for holding, lost in losses}


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
