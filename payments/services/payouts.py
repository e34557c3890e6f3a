"""Payouts: a transfer to the recipient's account, then a payout from there to the bank.

What left our balance is only booked as paid out when the bank has it; what a bank sends back is
fetched from the recipient's account and is ours again, whenever that happens.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from accounts import services as accounts
from accounts.models import BankAccount, BankStatus
from accounts.selectors import active_bank_account
from core.errors import DomainError
from core.transitions import advance
from lending.models import Loan
from payments.errors import Refused
from payments.facts import PayoutFact, Reversal, Transfer
from payments.gateway import gateway
from payments.models import OperationKind, Payout
from payments.services import booking, letters, operations
from payments.states import (
    PAYOUT_AWAY,
    PAYOUT_TRANSITIONS,
    OperationStatus,
    PayoutKind,
    PayoutStatus,
)

log = structlog.get_logger(__name__)

_TO_DO = (PayoutStatus.REQUESTED, PayoutStatus.TRANSFERRED, PayoutStatus.FAILED)
_BACK = frozenset({"failed", "canceled"})


def send_due(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: record a payout for each new loan, then take every payout one step further."""
    opened = open_disbursements(at=at)
    moved, waiting = 0, 0
    rows = Payout.objects.filter(status__in=_TO_DO).order_by("id")
    for payout_id in list(rows.values_list("id", flat=True)):
        try:
            send(payout_id=payout_id, at=at)
            moved += 1
        except DomainError as problem:
            log.warning("payout_waits", payout_id=payout_id, code=problem.code, why=str(problem))
            waiting += 1
    return {"opened": opened, "moved": moved, "waiting": waiting}


def open_disbursements(*, at: datetime) -> int:
    """Record the payouts that disbursed loans are owed; returns how many were new.

    A payout that came back goes out again once the borrower has another bank account.
    """
    owed = Loan.objects.filter(payout__isnull=True, principal_cents__gt=F("fee_cents"))
    rows = [
        Payout(
            kind=PayoutKind.DISBURSEMENT,
            person_id=loan.borrower_id,
            loan=loan,
            amount_cents=loan.principal_cents - loan.fee_cents,
            requested_at=at,
        )
        for loan in owed.order_by("id")
    ]
    Payout.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) + _reopen(at=at)


def send(*, payout_id: int, at: datetime) -> Payout:
    """Take a payout as far as it goes now; repeating it is harmless.

    Raises the provider's refusal; for want of available funds the payout simply waits.
    """
    payout = Payout.objects.select_related("person", "loan").get(pk=payout_id)
    if payout.status == PayoutStatus.REQUESTED:
        _transfer(payout, at=at)
    if payout.status == PayoutStatus.TRANSFERRED:
        _pay_out(payout, at=at)
    if payout.status == PayoutStatus.FAILED:
        _take_back(payout, at=at)
    return payout


def refresh(*, payout_id: int, at: datetime) -> Payout:
    """Fetch the payout and move ours to where it is; money that came back is taken back."""
    payout = Payout.objects.get(pk=payout_id)
    if payout.payout_id:
        fact = gateway().payout(payout.payout_id, account_id=payout.recipient_id)
        _apply(payout.pk, fact, at=at)
        payout.refresh_from_db()
    if payout.status == PayoutStatus.FAILED:
        _take_back(payout, at=at)
    return payout


def in_flight_cents() -> int:
    """What has left our balance at the provider and no bank has for good."""
    rows = Payout.objects.filter(status__in=PAYOUT_AWAY).values_list("amount_cents", flat=True)
    return sum(rows)


def _reopen(*, at: datetime) -> int:
    """Send disbursements again that came back, to an account that is not the one that failed."""
    active = BankAccount.objects.filter(user=OuterRef("person"), status=BankStatus.ACTIVE)
    rows = (
        Payout.objects.filter(kind=PayoutKind.DISBURSEMENT, status=PayoutStatus.RETURNED)
        .annotate(active_id=Subquery(active.values("id")[:1]))
        .filter(active_id__isnull=False)
        .exclude(active_id=F("bank_account_id"))
    )
    for payout in rows:
        advance(
            payout,
            PayoutStatus.REQUESTED,
            table=PAYOUT_TRANSITIONS,
            at=at,
            round=payout.round + 1,
            payout_id="",
            transfer_id="",
            reversal_id="",
            failure_code="",
            paid_at=None,
        )
    return len(rows)


def _transfer(payout: Payout, *, at: datetime) -> None:
    account = active_bank_account(payout.person)
    if account is None or not account.provider_recipient or account.is_cooling_down(at):
        return
    group = payout.loan.number if payout.loan else f"withdrawal-{payout.pk}"
    operation = operations.intend(
        kind=OperationKind.TRANSFER,
        subject=payout.subject,
        at=at,
        params={
            "account_id": account.provider_recipient,
            "amount_cents": payout.amount_cents,
            "group": group,
        },
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().transfer(
                key=key, metadata=operation.metadata, **operation.params
            ),
            at=at,
        )
    fact = Transfer.read(operation.answer)
    _move(
        payout,
        PayoutStatus.TRANSFERRED,
        at=at,
        transfer_id=fact.id,
        recipient_id=fact.destination_id,
        bank_account=account,
    )


def _pay_out(payout: Payout, *, at: datetime) -> None:
    operation = operations.intend(
        kind=OperationKind.PAYOUT,
        subject=payout.subject,
        at=at,
        params={
            "account_id": payout.recipient_id,
            "amount_cents": payout.amount_cents,
            "words": f"Pari {payout.loan.number if payout.loan else payout.pk}",
        },
    )
    try:
        if operation.status != OperationStatus.CONFIRMED:
            operations.carry_out(
                operation,
                lambda key: gateway().pay_out(
                    key=key, metadata=operation.metadata, **operation.params
                ),
                at=at,
            )
    except Refused as refusal:
        _move(payout, PayoutStatus.FAILED, at=at, failure_code=refusal.reason[:80])
        return
    fact = PayoutFact.read(operation.answer)
    _move(payout, PayoutStatus.SENT, at=at, payout_id=fact.id, arrives_on=fact.arrives_on)


def _take_back(payout: Payout, *, at: datetime) -> None:
    operation = operations.intend(
        kind=OperationKind.REVERSAL,
        subject=payout.subject,
        at=at,
        params={"transfer_id": payout.transfer_id, "amount_cents": payout.amount_cents},
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().reverse_transfer(
                operation.params["transfer_id"],
                key=key,
                amount_cents=operation.params["amount_cents"],
                metadata=operation.metadata,
            ),
            at=at,
        )
    _note_return(payout.pk, Reversal.read(operation.answer), at=at)
    payout.refresh_from_db()


@transaction.atomic
def _apply(payout_id: int, fact: PayoutFact, *, at: datetime) -> None:
    """Move forward only, from what the provider says now; even what was paid may come back."""
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if fact.id != payout.payout_id:
        return
    if fact.status == "paid" and payout.status == PayoutStatus.SENT:
        advance(payout, PayoutStatus.PAID, table=PAYOUT_TRANSITIONS, at=at, paid_at=at)
        booking.paid_out(
            reference=payout.reference,
            person_id=payout.person_id,
            cents=payout.amount_cents,
            at=at,
        )
        if payout.kind == PayoutKind.WITHDRAWAL:
            letters.withdrawal_left(payout, at=at)
    elif fact.status in _BACK and payout.status in (PayoutStatus.SENT, PayoutStatus.PAID):
        _fail(payout, fact.failure_code or fact.status, at=at)


def _fail(payout: Payout, reason: str, *, at: datetime) -> None:
    """Reopen what was booked as paid; the bank account is no longer used."""
    if payout.status == PayoutStatus.PAID:
        booking.payout_reopened(
            reference=f"payout-reopened:{payout.uuid}:{payout.round}",
            person_id=payout.person_id,
            cents=payout.amount_cents,
            at=at,
        )
    advance(
        payout,
        PayoutStatus.FAILED,
        table=PAYOUT_TRANSITIONS,
        at=at,
        failure_code=reason[:80],
        paid_at=None,
    )
    if payout.bank_account_id:
        accounts.fail_bank_account(bank_account_id=payout.bank_account_id, at=at, reason=reason)


@transaction.atomic
def _note_return(payout_id: int, fact: Reversal, *, at: datetime) -> None:
    """The money is in our balance again; a withdrawal goes back to the wallet it came from."""
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.status != PayoutStatus.FAILED or fact.transfer_id != payout.transfer_id:
        return
    advance(payout, PayoutStatus.RETURNED, table=PAYOUT_TRANSITIONS, at=at, reversal_id=fact.id)
    if payout.kind == PayoutKind.WITHDRAWAL:
        booking.withdrawal_returned(
            reference=f"withdrawal-returned:{payout.uuid}",
            person_id=payout.person_id,
            cents=payout.amount_cents,
            at=at,
        )
        letters.withdrawal_came_back(payout, at=at)


@transaction.atomic
def _move(payout: Payout, to: PayoutStatus, *, at: datetime, **fields: Any) -> None:
    """Note a step, unless another process already did; `payout` then shows what is."""
    locked = Payout.objects.select_for_update().get(pk=payout.pk)
    if locked.status == payout.status:
        advance(locked, to, table=PAYOUT_TRANSITIONS, at=at, **fields)
    payout.refresh_from_db()
