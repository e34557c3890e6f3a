"""Principal given up: taken off the debt and off each lender's holding, by one entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from accounts.models import User
from core.money import split_cents
from ledger.chart import EntryKind, Role
from ledger.services import Move, post_entry
from lending.models import Holding, Loan, WriteOff, WriteOffKind, WriteOffShare


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
    losses = [pair for pair in zip(holdings, shares, strict=True) if pair[1]]
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
        principal_cents=cents,
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


def _take_off(loan: Loan, losses: list[tuple[Holding, int]]) -> None:
    for holding, lost in losses:
        holding.outstanding_cents -= lost
        holding.written_off_cents += lost
    Holding.objects.bulk_update(
        [holding for holding, _ in losses], ["outstanding_cents", "written_off_cents"]
    )
    loan.outstanding_cents -= sum(lost for _, lost in losses)
    loan.save(update_fields=["outstanding_cents"])
