"""The operator's own money, out of which the provider's charges are paid."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core.audit import subject_of
from core.transitions import advance
from payments.errors import AmountOutOfRange, Refused
from payments.facts import TopUp
from payments.gateway import gateway
from payments.models import CapitalPayment, OperationKind
from payments.services import booking, operations
from payments.states import CAPITAL_TRANSITIONS, CapitalStatus, OperationStatus

_FAILED = frozenset({"failed", "canceled", "reversed"})


def add_capital(*, amount_cents: int, at: datetime) -> CapitalPayment:
    """Ask the provider for `amount_cents` from the operator's bank account."""
    if amount_cents <= 0:
        raise AmountOutOfRange(field="amount")
    payment = CapitalPayment.objects.create(amount_cents=amount_cents, created_at=at)
    return send(payment_id=payment.pk, at=at)


def send(*, payment_id: int, at: datetime) -> CapitalPayment:
    """Send a recorded payment to the provider; repeating it is harmless."""
    payment = CapitalPayment.objects.get(pk=payment_id)
    operation = operations.intend(
        kind=OperationKind.TOP_UP,
        subject=subject_of(payment),
        at=at,
        params={"amount_cents": payment.amount_cents},
    )
    try:
        if operation.status != OperationStatus.CONFIRMED:
            operations.carry_out(
                operation,
                lambda key: gateway().top_up(
                    key=key, metadata=operation.metadata, **operation.params
                ),
                at=at,
            )
    except Refused:
        advance(payment, CapitalStatus.FAILED, table=CAPITAL_TRANSITIONS, at=at)
        raise
    _apply(payment.pk, TopUp.read(operation.answer), at=at)
    payment.refresh_from_db()
    return payment


def refresh(*, payment_id: int, at: datetime) -> CapitalPayment:
    """Fetch the payment and move it to where it is."""
    payment = CapitalPayment.objects.get(pk=payment_id)
    if payment.topup_id:
        _apply(payment.pk, gateway().top_up_state(payment.topup_id), at=at)
        payment.refresh_from_db()
    return payment


@transaction.atomic
def _apply(payment_id: int, fact: TopUp, *, at: datetime) -> None:
    payment = CapitalPayment.objects.select_for_update().get(pk=payment_id)
    if payment.status == CapitalStatus.CREATED:
        advance(payment, CapitalStatus.PENDING, table=CAPITAL_TRANSITIONS, at=at, topup_id=fact.id)
    if payment.status != CapitalStatus.PENDING:
        return
    if fact.status in _FAILED:
        advance(payment, CapitalStatus.FAILED, table=CAPITAL_TRANSITIONS, at=at)
    elif fact.status == "succeeded":
        advance(
            payment,
            CapitalStatus.CONFIRMED,
            table=CAPITAL_TRANSITIONS,
            at=at,
            transaction_id=fact.transaction_id,
            confirmed_at=at,
        )
        booking.capital(reference=payment.reference, cents=payment.amount_cents, at=at)
