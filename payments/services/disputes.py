"""Disputes: the payer's bank contests a payment, takes the money, and perhaps gives it back.

News of a dispute comes in any order. Each time the dispute is fetched whole: its status moves ours
forward, and each line that the provider booked for it is booked here once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction

from accounts.models import User
from core import audit
from core.audit import subject_of
from core.clock import day_of
from core.transitions import advance
from payments.errors import NotAnswerable, UnexpectedFact
from payments.facts import BalanceTransaction
from payments.facts import Dispute as Fact
from payments.gateway import gateway
from payments.models import Collection, Dispute, DisputeLine, OperationKind, PayIn
from payments.services import booking, collections, late_returns, operations, pay_ins
from payments.states import (
    COLLECTION_OPEN,
    DISPUTE_OPEN,
    DISPUTE_TRANSITIONS,
    DISPUTE_WORDS,
    PAY_IN_UNFINISHED,
    CollectionStatus,
    DisputeStatus,
    OperationStatus,
    PayInStatus,
)

log = structlog.get_logger(__name__)

LONGEST_EVIDENCE: Final = 20_000


def refresh_dispute(*, dispute_id: str, at: datetime) -> Dispute | None:
    """Fetch a dispute and act on what it says; None when it is about nothing of ours.

    Raises UnexpectedFact when more was taken than was ever paid.
    """
    return _note(gateway().dispute(dispute_id), at=at)


def answer(*, dispute_id: int, staff: User, evidence: str, at: datetime) -> Dispute:
    """Hand our side of the story to the payer's bank, once.

    Raises NotAnswerable, or the provider's refusal.
    """
    dispute = _answerable(dispute_id, evidence=evidence.strip()[:LONGEST_EVIDENCE])
    operation = operations.intend(
        kind=OperationKind.DISPUTE_ANSWER,
        subject=subject_of(dispute),
        at=at,
        params={"evidence": evidence.strip()[:LONGEST_EVIDENCE]},
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().answer_dispute(dispute.provider_id, key=key, **operation.params),
            at=at,
        )
    return _decided(dispute, "answer", staff, operation.params["evidence"], at=at)


def accept(*, dispute_id: int, staff: User, why: str, at: datetime) -> Dispute:
    """Leave the money to the payer, once. Raises NotAnswerable, or the provider's refusal."""
    dispute = _answerable(dispute_id, evidence=why)
    operation = operations.intend(
        kind=OperationKind.DISPUTE_ACCEPT, subject=subject_of(dispute), at=at
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().accept_dispute(dispute.provider_id, key=key),
            at=at,
        )
    return _decided(dispute, "accept", staff, why, at=at)


def _answerable(dispute_id: int, *, evidence: str) -> Dispute:
    dispute = Dispute.objects.get(pk=dispute_id)
    if not dispute.is_answerable or not evidence.strip():
        raise NotAnswerable(f"{dispute}: {dispute.status}")
    return dispute


def _decided(dispute: Dispute, act: str, staff: User, words: str, *, at: datetime) -> Dispute:
    """Write down who decided what, then see what the provider made of it."""
    with transaction.atomic():
        audit.record(dispute, f"dispute_{act}", at=at, actor_id=staff.pk, reason=words[:2000])
        told = {"evidence": words} if act == "answer" else {}
        Dispute.objects.filter(pk=dispute.pk).update(decided_by=staff, decided_at=at, **told)
    refresh_dispute(dispute_id=dispute.provider_id, at=at)
    dispute.refresh_from_db()
    return dispute


def _note(fact: Fact, *, at: datetime) -> Dispute | None:
    owner = _owner(fact.payment_id, at=at) if fact.payment_id else None
    return None if owner is None else _apply(fact, owner, at=at)


def _owner(payment_id: str, *, at: datetime) -> Collection | PayIn | None:
    """Our row of a payment, moved to where the payment is: its own news may come after this."""
    name, number = _named(payment_id)
    if name == Collection._meta.label_lower:
        return _collection(number, at=at)
    return _pay_in(number, at=at) if name == PayIn._meta.label_lower else None


def _named(payment_id: str) -> tuple[str, int]:
    """Which row of ours a payment is for; from the payment itself where we do not know yet."""
    for model in (Collection, PayIn):
        rows: Any = model
        found = rows.objects.filter(payment_id=payment_id).values_list("pk", flat=True).first()
        if found is not None:
            return model._meta.label_lower, found
    metadata = gateway().payment(payment_id).raw.get("metadata") or {}
    name, _, number = str(metadata.get("subject", "")).partition(":")
    return name, int(number) if number.isdecimal() else 0


def _collection(pk: int, *, at: datetime) -> Collection | None:
    collection = Collection.objects.filter(pk=pk).first()
    if collection and collection.status == CollectionStatus.CREATED:
        collections.send(collection_id=pk, at=at)
    if collection and collection.status in COLLECTION_OPEN:
        return collections.look(collection_id=pk, at=at)
    return collection


def _pay_in(pk: int, *, at: datetime) -> PayIn | None:
    pay_in = PayIn.objects.filter(pk=pk).first()
    if pay_in and pay_in.status in PAY_IN_UNFINISHED:
        return pay_ins.refresh(pay_in_id=pk, at=at)
    return pay_in


@transaction.atomic
def _apply(fact: Fact, owner: Collection | PayIn, *, at: datetime) -> Dispute:
    """Note the status and book the lines that are new, oldest first; nothing is done twice."""
    row = _locked(owner)
    dispute = _recorded(fact, row)
    _note_status(dispute, fact, at=at)
    known = set(dispute.lines.values_list("transaction_id", flat=True))
    for line in fact.lines:
        if line.id not in known:
            _book(dispute, row, line, at=at)
    return dispute


def _locked(owner: Collection | PayIn) -> Collection | PayIn:
    if isinstance(owner, PayIn):
        return PayIn.objects.select_for_update().get(pk=owner.pk)
    rows = Collection.objects.select_for_update(of=("self",))
    return rows.select_related("instalment__loan", "bank_account").get(pk=owner.pk)


def _recorded(fact: Fact, row: Collection | PayIn) -> Dispute:
    status = DISPUTE_WORDS.get(fact.status, DisputeStatus.UNKNOWN)
    whose = {"pay_in": row} if isinstance(row, PayIn) else {"collection": row}
    dispute, is_new = Dispute.objects.get_or_create(
        provider_id=fact.id,
        defaults=whose
        | {
            "payment_id": fact.payment_id,
            "amount_cents": fact.amount_cents,
            "reason": fact.reason[:80],
            "word": fact.status[:80],
            "status": status,
            "opened_at": fact.created_at,
        },
    )
    if is_new and status == DisputeStatus.UNKNOWN:
        log.error("dispute_unknown", dispute=fact.id, word=fact.status)
    return dispute


def _note_status(dispute: Dispute, fact: Fact, *, at: datetime) -> None:
    """Forward only, from what the provider says now; a word that we do not know is an alarm."""
    status = DISPUTE_WORDS.get(fact.status, DisputeStatus.UNKNOWN)
    if status == DisputeStatus.UNKNOWN and fact.status != dispute.word:
        log.error("dispute_unknown", dispute=dispute.provider_id, word=fact.status)
    is_open = status in DISPUTE_OPEN
    if status in DISPUTE_TRANSITIONS.get(dispute.status, frozenset()):
        reason = f"{fact.status}: {fact.reason}"[:200]
        closed_at = None if is_open else at
        advance(
            dispute,
            status,
            table=DISPUTE_TRANSITIONS,
            at=at,
            reason=reason,
            closed_at=closed_at,
            word=fact.status[:80],
        )
    if status == dispute.status:
        closed_at = dispute.closed_at or (None if is_open else at)
        told = {"due_by": fact.due_by, "has_evidence": fact.has_evidence}
        named = {"word": fact.status[:80], "amount_cents": fact.amount_cents}
        Dispute.objects.filter(pk=dispute.pk).update(closed_at=closed_at, **told, **named)


def _book(
    dispute: Dispute, row: Collection | PayIn, line: BalanceTransaction, *, at: datetime
) -> None:
    earlier = DisputeLine.objects.filter(dispute__payment_id=dispute.payment_id)
    is_first = not earlier.exists() and line.amount_cents < 0
    reference = row.return_reference if is_first else f"dispute:{line.id}"
    kept_cents = row.amount_cents + line.amount_cents
    kept_cents += sum(earlier.values_list("amount_cents", flat=True))
    is_received = row.status in (
        CollectionStatus.SUCCEEDED,
        CollectionStatus.TAKEN_BACK,
        PayInStatus.CONFIRMED,
    )
    if not is_received or not 0 <= kept_cents <= row.amount_cents:
        raise UnexpectedFact(f"{dispute}: {line.amount_cents} cents of {row.uuid} ({row.status})")
    DisputeLine.objects.create(
        dispute=dispute,
        transaction_id=line.id,
        amount_cents=line.amount_cents,
        fee_cents=line.fee_cents,
        reference=reference,
        booked_on=day_of(at),
    )
    if line.amount_cents < 0:
        _take_back(dispute, row, line, kept_cents, reference, at=at)
    elif line.amount_cents > 0:
        _give_again(row, line, reference, at=at)
    booking.charge(transaction_id=line.id, cents=line.fee_cents, at=at)


def _take_back(
    dispute: Dispute,
    row: Collection | PayIn,
    line: BalanceTransaction,
    kept_cents: int,
    reference: str,
    *,
    at: datetime,
) -> None:
    how: dict[str, Any] = {
        "reference": reference,
        "transaction_id": line.id,
        "reason": dispute.reason,
        "at": at,
    }
    if isinstance(row, PayIn):
        late_returns.take_back_pay_in(row, -line.amount_cents, **how)
    else:
        late_returns.take_back(row, -line.amount_cents, kept_cents=kept_cents, **how)


def _give_again(
    row: Collection | PayIn, line: BalanceTransaction, reference: str, *, at: datetime
) -> None:
    if isinstance(row, PayIn):
        late_returns.give_pay_in_again(row, line.amount_cents, reference=reference, at=at)
        return
    late_returns.give_again(
        row,
        line.amount_cents,
        reference=reference,
        transaction_id=line.id,
        at=at,
    )
