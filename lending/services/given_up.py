"""Principal given up: taken off the debt and off each lender's holding, by one entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from accounts.models import User
from core.money import split_cents
from ledger.chart import EntryKind, Role
from ledger.services import Move, post_entry
from lending.models import (
    ArrearsCase,
    Holding,
    Instalment,
    Loan,
    Repayment,
    WriteOff,
    WriteOffKind,
    WriteOffShare,
)
from lending.services.plans import end_rows
from lending.states import ArrearsStage


def give_up_principal(
    loan: Loan,
    cents: int,
    kind: WriteOffKind,
    accounts: Mapping[Role, Mapping[int, int]],
    *,
    reference: str,
    reason: str,
    decided_by: User | None,
    on: date,
    at: datetime,
) -> WriteOff:
    """Take principal off a locked loan and its holdings, by what each is still owed.

    The caller makes the plan that is left.

    Args:
        accounts: locked: the lenders' invested money and the loan's principal.
    """
    rows = Holding.objects.select_for_update(no_key=True).filter(loan=loan).order_by("id")
    holdings = list(rows)
    shares = split_cents(cents, [holding.outstanding_cents for holding in holdings])
    return _lose(
        loan,
        [pair for pair in zip(holdings, shares, strict=True) if pair[1]],
        kind,
        accounts,
        reference=reference,
        reason=reason,
        decided_by=decided_by,
        on=on,
        at=at,
    )


def lose_again(
    loan: Loan,
    back: Repayment,
    accounts: Mapping[Role, Mapping[int, int]],
    *,
    on: date,
    at: datetime,
    reason: str,
) -> None:
    """Give up what a payment that was taken back owes again on a loan that was given up before.

    Each holding loses what that payment had brought it, and recoveries are shared by it too.
    """
    reopened = Instalment.objects.unpaid().filter(parts__repayment=back)
    end_rows(reopened.order_by("number"), on)
    shares = back.shares.filter(principal_cents__gt=0).select_related("holding")
    rows = list(shares.select_for_update(of=("holding",), no_key=True).order_by("holding_id"))
    if not rows:
        return
    _lose(
        loan,
        [(row.holding, row.principal_cents) for row in rows],
        WriteOffKind.WRITTEN_OFF,
        accounts,
        reference=f"write-off:{back.reference}",
        reason=reason,
        decided_by=None,
        on=on,
        at=at,
    )
    ended = ArrearsCase.objects.filter(loan=loan, status=ArrearsStage.RECOVERED)
    ended.update(closed_on=None)


def _lose(
    loan: Loan,
    losses: Sequence[tuple[Holding, int]],
    kind: WriteOffKind,
    accounts: Mapping[Role, Mapping[int, int]],
    *,
    reference: str,
    reason: str,
    decided_by: User | None,
    on: date,
    at: datetime,
) -> WriteOff:
    invested, principal = accounts[Role.INVESTED], accounts[Role.PRINCIPAL][loan.pk]
    entry = post_entry(
        reference=reference,
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
        principal_cents=sum(lost for _, lost in losses),
        reason=reason,
        decided_by=decided_by,
        entry=entry,
    )
    WriteOffShare.objects.bulk_create(
        WriteOffShare(write_off=given_up, holding=holding, principal_cents=lost)
        for holding, lost in losses
    )
    _take_off(loan, losses)
    return given_up


def _take_off(loan: Loan, losses: Sequence[tuple[Holding, int]]) -> None:
    for holding, lost in losses:
        holding.outstanding_cents -= lost
        holding.written_off_cents += lost
    Holding.objects.bulk_update(
        [holding for holding, _ in losses], ["outstanding_cents", "written_off_cents"]
    )
    loan.outstanding_cents -= sum(lost for _, lost in losses)
    loan.save(update_fields=["outstanding_cents"])
