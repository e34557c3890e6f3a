"""Requests to the provider: recorded and committed, then sent outside any transaction, then noted.

A crash between any two of these steps leaves a row that says how far we came; the same request is
then sent again with the same key, and the provider answers as it did the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, transaction

from core.errors import IllegalTransition
from payments.errors import Refused, Unavailable, UnknownOutcome
from payments.facts import Fact
from payments.limits import REPLAY_LIFE
from payments.models import OperationKind, ProviderOperation
from payments.states import OPERATION_TRANSITIONS, UNFINISHED, OperationStatus

_T = TypeVar("_T")


@transaction.atomic
def intend(
    *,
    kind: OperationKind,
    subject: str,
    at: datetime,
    params: Mapping[str, Any] | None = None,
    again: bool = False,
) -> ProviderOperation:
    """Record what we mean to ask for a subject; an unfinished or done request is returned.

    A refused request begins a new attempt, and so has a new key.

    Args:
        again: ask once more even if an earlier request was confirmed; only where asking twice
            moves no money.
    """
    _one_at_a_time(f"{kind} for {subject}")
    rows = ProviderOperation.objects.filter(subject=subject, kind=kind)
    latest = rows.order_by("-id").first()
    if latest and latest.status in UNFINISHED:
        return latest
    if latest and latest.status == OperationStatus.CONFIRMED and not again:
        return latest
    if latest and latest.status == OperationStatus.REFUSED:
        given = {"attempt": latest.attempt + 1, "params": dict(params or {}), "sent_at": None}
        _move(latest, OperationStatus.CREATED, **given)
        return latest
    return ProviderOperation.objects.create(
        kind=kind, subject=subject, params=dict(params or {}), created_at=at
    )


def _one_at_a_time(name: str) -> None:
    """Wait until nobody else in the house records a request of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def done(kind: OperationKind, subject: str) -> ProviderOperation | None:
    """The newest confirmed request of a kind for a subject."""
    rows = ProviderOperation.objects.filter(
        subject=subject, kind=kind, status=OperationStatus.CONFIRMED
    )
    return rows.order_by("-id").first()


def carry_out(operation: ProviderOperation, call: Callable[[str], _T], *, at: datetime) -> _T:
    """Send a recorded request and note the answer; returns what `call`, given the key, returns.

    Must run outside any transaction. Raises Refused, UnknownOutcome or Unavailable, each noted;
    UnknownOutcome also when the request is too old to be repeated safely.
    """
    if not is_repeatable(operation, at):
        raise UnknownOutcome(f"{operation.key} is too old to be repeated")
    earlier = operation.sent_at
    with transaction.atomic(durable=True):
        _move(operation, OperationStatus.SENT, sent_at=operation.sent_at or at)
    try:
        answer = call(operation.key)
    except Refused as refusal:
        reason = refusal.reason or refusal.detail
        _move(operation, OperationStatus.REFUSED, finished_at=at, reason=reason[:200])
        raise
    except UnknownOutcome as doubt:
        _move(operation, OperationStatus.UNKNOWN, reason=doubt.detail[:200])
        raise
    except Unavailable as absence:
        _note_absence(operation, earlier, absence)
        raise
    confirm(operation, answer if isinstance(answer, Fact) else None, at=at)
    return answer


def _note_absence(
    operation: ProviderOperation, earlier: datetime | None, absence: Unavailable
) -> None:
    """Nothing was done now; whether an earlier sending had an effect is as unknown as before."""
    reason = absence.detail[:200]
    if earlier is None:
        _move(operation, OperationStatus.CREATED, reason=reason, sent_at=None)
    else:
        _move(operation, OperationStatus.UNKNOWN, reason=reason)


def confirm(operation: ProviderOperation, fact: Fact | None, *, at: datetime) -> None:
    """Note that a request was carried out, from its answer or from what was found later."""
    raw = fact.raw if fact else {}
    _move(
        operation,
        OperationStatus.CONFIRMED,
        provider_id=fact.id if fact else "",
        transaction_id=getattr(fact, "transaction_id", ""),
        answer=raw,
        reason="",
        finished_at=at,
    )


def is_repeatable(operation: ProviderOperation, at: datetime) -> bool:
    """Whether the provider surely still knows the key, or never saw it."""
    return operation.sent_at is None or at - operation.sent_at < REPLAY_LIFE


def give_up(operation: ProviderOperation, *, at: datetime, reason: str) -> None:
    """Note that a request of unknown outcome was looked for and is not there."""
    if operation.status == OperationStatus.SENT:
        _move(operation, OperationStatus.UNKNOWN)
    _move(operation, OperationStatus.REFUSED, finished_at=at, reason=reason)


def abandon(operation: ProviderOperation, *, at: datetime, reason: str) -> None:
    """Note that a request which was never sent is not to be sent any more."""
    _move(operation, OperationStatus.REFUSED, finished_at=at, reason=reason)


def _move(operation: ProviderOperation, to: OperationStatus, **fields: Any) -> None:
    """Move a request on; one that another process has meanwhile confirmed stays confirmed."""
    allowed = [status for status, after in OPERATION_TRANSITIONS.items() if to in after]
    rows = ProviderOperation.objects.filter(pk=operation.pk, status__in=allowed)
    if rows.update(status=to, **fields):
        for name, value in {"status": to, **fields}.items():
            setattr(operation, name, value)
        return
    operation.refresh_from_db()
    if operation.status != OperationStatus.CONFIRMED:
        raise IllegalTransition(f"{operation.key}: {operation.status} -> {to}")
