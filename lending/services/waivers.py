"""Principal given up by agreement: taken off the debt and off each lender's holding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from core.money import split_cents
from ledger.chart import EntryKind, Role
from ledger.services import Move, post_entry
from lending.models import Holding, Loan, PlanChange, WriteOff, WriteOffKind, WriteOffShare


def waive(
    change: PlanChange,
    loan: Loan,
    cents: int,
    accounts: Mapping[Role, Mapping[int, int]],
    *,
    on: date,
    at: datetime,
) -> WriteOff:
    """Take principal off a locked loan and its holdings, by what each is still owed.

    Args:
        accounts: locked: the lenders' invested money and the loan's principal.
    """
    rows = Holding.objects.select_for_update(no_key=True).filter(loan=loan).order_by("id")
    holdings = list(rows)
    shares = split_cents(cents, [holding.outstanding_cents for holding in holdings])
    losses = [pair for pair in zip(holdings, shares, strict=True) if pair[1]]
    invested, principal = accounts[Role.INVESTED], accounts[Role.PRINCIPAL][loan.pk]
    entry = post_entry(
        reference=f"waiver:{change.pk}",
        kind=EntryKind.WRITE_OFF,
        effective_on=on,
        at=at,
        moves=[Move(invested[holding.lender_id], principal, lost) for holding, lost in losses],
    )
    write_off = WriteOff.objects.create(
        loan=loan,
        kind=WriteOffKind.WAIVED,
        on=on,
        at=at,
        principal_cents=cents,
        reason=change.reason,
        decided_by=change.decided_by,
        entry=entry,
    )
    WriteOffShare.objects.bulk_create(
        WriteOffShare(write_off=write_off, holding=holding, principal_cents=lost)
        for holding, lost in losses
    )
    for holding, lost in losses:
        holding.outstanding_cents -= lost
        holding.written_off_cents += lost
    Holding.objects.bulk_update(holdings, ["outstanding_cents", "written_off_cents"])
    loan.outstanding_cents -= cents
    loan.save(update_fields=["outstanding_cents"])
    return write_off
