"""Refunds: staff send a pay-in back to the account or card that it was paid from.

The money leaves the wallet first, so that it cannot be spent meanwhile. It leaves our books when
the provider has taken it, and comes back into the wallet if the payer's bank does not.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from core import audit
from core.audit import subject_of
from core.clock import day_of
from core.transitions import advance
from ledger.chart import Role
from ledger.selectors import balance_cents
from ledger.services import locked_accounts
from lending.services.receivables import settle_receivables
from payments.errors import NotRefundable, Refused
from payments.facts import Refund as Fact
from payments.gateway import gateway
from payments.models import OperationKind, PayIn, Refund
from payments.services import booking, letters, operations
from payments.states import REFUND_TRANSITIONS, OperationStatus, PayInStatus, RefundStatus

_TAKEN = ("pending", "requires_action", "succeeded")
_BACK = ("canceled", "failed")
_COUNTS = (RefundStatus.REQUESTED, RefundStatus.SENT, RefundStatus.DONE)


def refund_pay_in(
    *, pay_in_id: int, staff: User, amount_cents: int, why: str, at: datetime, request_key: UUID
) -> Refund:
    """Send part or all of a pay-in back; the same `request_key` again returns the same refund.

    Raises NotRefundable, or the provider's refusal (the money is then in the wallet again).
    """
    refund = _recorded(pay_in_id, staff, amount_cents, why, request_key, at=at)
    return send(refund_id=refund.pk, at=at)


def send(*, refund_id: int, at: datetime) -> Refund:
    """Ask the provider for a recorded refund; repeating it is harmless."""
    refund = Refund.objects.select_related("pay_in").get(pk=refund_id)
    if refund.status != RefundStatus.REQUESTED:
        return refund
    operation = operations.intend(
        kind=OperationKind.REFUND,
        subject=subject_of(refund),
        at=at,
        params={"payment_id": refund.pay_in.payment_id, "amount_cents": refund.amount_cents},
    )
    try:
        if operation.status != OperationStatus.CONFIRMED:
            operations.carry_out(
                operation,
                lambda key: gateway().refund(
                    key=key, metadata=operation.metadata, **operation.params
                ),
                at=at,
            )
    except Refused as refusal:
        _refuse(refund_id, refusal.reason or refusal.detail, at=at)
        raise
    return _apply(refund_id, Fact.read(operation.answer), at=at)


def refresh(*, refund_id: int, at: datetime) -> Refund:
    """Fetch a refund and move ours to where it is."""
    refund = Refund.objects.get(pk=refund_id)
    if not refund.refund_id:
        return refund
    return _apply(refund_id, gateway().refund_state(refund.refund_id), at=at)


def refundable_cents(pay_in: PayIn) -> int:
    """What of a pay-in could still go back, as far as it lies in the wallet."""
    if pay_in.status != PayInStatus.CONFIRMED or pay_in.disputes.exists():
        return 0
    back = pay_in.refunds.filter(status__in=_COUNTS)
    gone = back.aggregate(cents=Sum("amount_cents", default=0))["cents"]
    return max(0, min(pay_in.amount_cents - gone, balance_cents(Role.CASH, pay_in.lender_id)))


@transaction.atomic
def _recorded(
    pay_in_id: int, staff: User, amount_cents: int, why: str, request_key: UUID, *, at: datetime
) -> Refund:
    lender_id = PayIn.objects.values_list("lender_id", flat=True).get(pk=pay_in_id)
    locked_accounts({Role.CASH: [lender_id], Role.IN_TRANSIT_OUT: [lender_id]})
    pay_in = PayIn.objects.select_for_update().get(pk=pay_in_id)
    if earlier := Refund.objects.filter(request_key=request_key, pay_in=pay_in).first():
        return earlier
    if not 0 < amount_cents <= refundable_cents(pay_in):
        raise NotRefundable(f"{amount_cents} cents of {pay_in}", field="amount_cents")
    refund = Refund.objects.create(
        pay_in=pay_in,
        amount_cents=amount_cents,
        asked_by=staff,
        why=why[:400],
        request_key=request_key,
        asked_at=at,
    )
    booking.refund_asked(
        reference=f"refund-asked:{refund.uuid}", person_id=lender_id, cents=amount_cents, at=at
    )
    audit.record(refund, "refund", at=at, actor_id=staff.pk, reason=why[:400])
    return refund


@transaction.atomic
def _refuse(refund_id: int, reason: str, *, at: datetime) -> None:
    refund = _locked(refund_id)
    if refund.status != RefundStatus.REQUESTED:
        return
    to = RefundStatus.REFUSED
    advance(refund, to, table=REFUND_TRANSITIONS, at=at, failure_code=reason[:80], finished_at=at)
    booking.refund_dropped(
        reference=f"refund-refused:{refund.uuid}",
        person_id=refund.pay_in.lender_id,
        cents=refund.amount_cents,
        at=at,
    )


@transaction.atomic
def _apply(refund_id: int, fact: Fact, *, at: datetime) -> Refund:
    """Move forward only; even what was given back may come back to us."""
    refund = _locked(refund_id)
    if fact.status not in (*_TAKEN, *_BACK):
        return refund
    if refund.status == RefundStatus.REQUESTED:
        _leave(refund, fact, at=at)
    if fact.status == "succeeded" and refund.status == RefundStatus.SENT:
        advance(refund, RefundStatus.DONE, table=REFUND_TRANSITIONS, at=at, finished_at=at)
    is_away = refund.status in (RefundStatus.SENT, RefundStatus.DONE)
    if fact.status in _BACK and fact.failure_id and is_away:
        _come_back(refund, fact, at=at)
    return refund


def _locked(refund_id: int) -> Refund:
    rows = Refund.objects.select_for_update(of=("self",)).select_related("pay_in")
    return rows.get(pk=refund_id)


def _leave(refund: Refund, fact: Fact, *, at: datetime) -> None:
    advance(
        refund,
        RefundStatus.SENT,
        table=REFUND_TRANSITIONS,
        at=at,
        refund_id=fact.id,
        transaction_id=fact.transaction_id,
    )
    booking.refund_left(
        reference=refund.reference,
        person_id=refund.pay_in.lender_id,
        cents=refund.amount_cents,
        at=at,
    )
    letters.refund_left(refund, at=at)


def _come_back(refund: Refund, fact: Fact, *, at: datetime) -> None:
    advance(
        refund,
        RefundStatus.FAILED,
        table=REFUND_TRANSITIONS,
        at=at,
        failure_id=fact.failure_id,
        failure_code=fact.failure_code[:80],
        finished_at=at,
    )
    lender_id, reference = refund.pay_in.lender_id, f"refund-failed:{refund.uuid}"
    booking.refund_came_back(
        reference=reference, person_id=lender_id, cents=refund.amount_cents, at=at
    )
    settle_receivables(person_ids=[lender_id], cause=reference, on=day_of(at), at=at)
    letters.refund_came_back(refund, at=at)
