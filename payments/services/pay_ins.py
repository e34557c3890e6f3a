"""Pay-ins: a page at the provider, and credit only for what the provider then confirms."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import is_identified
from core.audit import subject_of
from core.clock import day_of
from core.jobs import enqueue
from core.transitions import advance
from ledger.chart import EntryKind
from payments.errors import (
    AmountOutOfRange,
    NotIdentified,
    Refused,
    UnexpectedFact,
    WrongRole,
)
from payments.facts import CheckoutSession, Payment
from payments.gateway import gateway, provider_now
from payments.limits import MAX_PAY_IN_CENTS, MIN_PAY_IN_CENTS, PAGE_LIFE, debit_seasoning
from payments.models import OperationKind, PayIn
from payments.places import page_after
from payments.services import booking, closings, letters, operations
from payments.services.people import ensure_customer
from payments.states import (
    PAY_IN_TRANSITIONS,
    PAY_IN_UNFINISHED,
    OperationStatus,
    PayInStatus,
)

DEBIT: Final = "sepa_debit"


def start_pay_in(
    *,
    lender: User,
    amount_cents: int,
    at: datetime,
    request_key: UUID | None = None,
    return_url: str = "",
) -> PayIn:
    """Open a payment page; `url` of the row that is returned leads there.

    The same `request_key` again returns the same pay-in. Raises WrongRole, NotIdentified,
    AmountOutOfRange, or the provider's refusal.
    """
    _check(lender, amount_cents)
    pay_in = _recorded(lender, amount_cents, request_key or uuid4(), at)
    if pay_in.status == PayInStatus.CREATED:
        _open_page(pay_in, page_after(return_url), at=at)
    return pay_in


def open_page(*, pay_in_id: int, at: datetime) -> PayIn:
    """Open the page of a pay-in that was recorded, if it has none yet."""
    pay_in = PayIn.objects.select_related("lender").get(pk=pay_in_id)
    if pay_in.status == PayInStatus.CREATED:
        _open_page(pay_in, page_after(), at=at)
    return pay_in


def refresh(*, pay_in_id: int, at: datetime) -> PayIn:
    """Fetch the session and its payment, and move the pay-in to where they are."""
    pay_in = PayIn.objects.get(pk=pay_in_id)
    if pay_in.session_id:
        _apply(pay_in.pk, gateway().checkout(pay_in.session_id), at=at)
        pay_in.refresh_from_db()
    return pay_in


def give_up(*, pay_in_id: int, at: datetime) -> PayIn:
    """Close the page of a pay-in that nobody paid yet; one that was paid meanwhile goes on."""
    pay_in = PayIn.objects.get(pk=pay_in_id)
    if pay_in.status != PayInStatus.OPEN:
        return pay_in
    operation = closings.record(
        OperationKind.EXPIRE, subject=subject_of(pay_in), target=pay_in.session_id, at=at
    )
    with suppress(Refused):
        closings.close(operation, at=at)
    return refresh(pay_in_id=pay_in_id, at=at)


def _check(lender: User, amount_cents: int) -> None:
    if lender.is_staff:
        raise WrongRole
    if not is_identified(lender):
        raise NotIdentified
    if not MIN_PAY_IN_CENTS <= amount_cents <= MAX_PAY_IN_CENTS:
        raise AmountOutOfRange(field="amount")


def _recorded(lender: User, amount_cents: int, request_key: UUID, at: datetime) -> PayIn:
    """The pay-in of a request key, recorded on first sight."""
    try:
        with transaction.atomic():
            return PayIn.objects.create(
                lender=lender, amount_cents=amount_cents, request_key=request_key, created_at=at
            )
    except IntegrityError:
        return PayIn.objects.get(request_key=request_key, lender=lender)


def _open_page(pay_in: PayIn, return_url: str, *, at: datetime) -> None:
    customer_id = ensure_customer(pay_in.lender, at=at)
    operation = operations.intend(
        kind=OperationKind.CHECKOUT,
        subject=subject_of(pay_in),
        at=at,
        params={
            "customer_id": customer_id,
            "amount_cents": pay_in.amount_cents,
            "label": _("Payment into your wallet"),
            "reference": str(pay_in.uuid),
            "success_url": return_url,
            "cancel_url": return_url,
            "expires_at": (provider_now() + PAGE_LIFE).isoformat(),
        },
    )
    params = operation.params | {
        "expires_at": datetime.fromisoformat(operation.params["expires_at"])
    }
    try:
        session = (
            CheckoutSession.read(operation.answer)
            if operation.status == OperationStatus.CONFIRMED
            else operations.carry_out(
                operation,
                lambda key: gateway().create_checkout(
                    key=key, metadata=operation.metadata, **params
                ),
                at=at,
            )
        )
    except Refused as refusal:
        advance(
            pay_in,
            PayInStatus.FAILED,
            table=PAY_IN_TRANSITIONS,
            at=at,
            failure_code=refusal.reason[:80],
        )
        raise
    advance(
        pay_in,
        PayInStatus.OPEN,
        table=PAY_IN_TRANSITIONS,
        at=at,
        session_id=session.id,
        url=session.url,
        expires_at=session.expires_at,
    )


@transaction.atomic
def _apply(pay_in_id: int, session: CheckoutSession, *, at: datetime) -> None:
    """Move forward only: a pay-in that was confirmed stays so, whatever arrives late."""
    pay_in = PayIn.objects.select_for_update().get(pk=pay_in_id)
    payment = session.payment
    if payment and payment.status == "succeeded":
        if pay_in.status in (PayInStatus.OPEN, PayInStatus.PENDING):
            _confirm(pay_in, payment, at=at)
    elif payment and payment.status == "processing":
        if pay_in.status == PayInStatus.OPEN:
            advance(
                pay_in,
                PayInStatus.PENDING,
                table=PAY_IN_TRANSITIONS,
                at=at,
                method=payment.method_kind,
                payment_id=payment.id,
            )
    elif payment and session.status == "complete" and pay_in.status in PAY_IN_UNFINISHED:
        code = payment.failure_code[:80]
        advance(pay_in, PayInStatus.FAILED, table=PAY_IN_TRANSITIONS, at=at, failure_code=code)
    elif session.status == "expired" and pay_in.status == PayInStatus.OPEN:
        advance(pay_in, PayInStatus.EXPIRED, table=PAY_IN_TRANSITIONS, at=at)


def _confirm(pay_in: PayIn, payment: Payment, *, at: datetime) -> None:
    line = payment.transaction
    if line is None or line.amount_cents != pay_in.amount_cents:
        raise UnexpectedFact(f"{pay_in.uuid}: {payment.received_cents} cents received")
    is_debit = payment.method_kind == DEBIT
    advance(
        pay_in,
        PayInStatus.CONFIRMED,
        table=PAY_IN_TRANSITIONS,
        at=at,
        method=payment.method_kind,
        payment_id=payment.id,
        transaction_id=line.id,
        fee_cents=line.fee_cents,
        confirmed_at=at,
        seasoned_on=day_of(at) + debit_seasoning() if is_debit else day_of(at),
    )
    booking.money_in(
        reference=pay_in.reference,
        kind=EntryKind.PAY_IN,
        person_id=pay_in.lender_id,
        line=line,
        at=at,
    )
    letters.pay_in_arrived(pay_in, at=at)
    enqueue("matching.round_requested")
