"""Lets the provider forget a bank account or card that is no longer to be charged."""

from __future__ import annotations

from datetime import datetime

import structlog

from core.errors import DomainError
from core.jobs import enqueue
from payments.gateway import gateway
from payments.models import OperationKind, ProviderOperation
from payments.services import operations
from payments.states import UNFINISHED, OperationStatus

log = structlog.get_logger(__name__)


def forget_method(subject: str, method_id: str, *, at: datetime) -> None:
    """Record that the provider is to forget a payment method; a worker asks it, or the sweep."""
    operations.intend(
        kind=OperationKind.MANDATE_END, subject=subject, at=at, params={"method_id": method_id}
    )
    enqueue("payments.forget_methods")


def forget_waiting(*, at: datetime) -> int:
    """Send what was recorded; returns how many the provider has forgotten."""
    rows = ProviderOperation.objects.filter(kind=OperationKind.MANDATE_END, status__in=UNFINISHED)
    done = 0
    for operation in rows.order_by("id"):
        try:
            end(operation, at=at)
            done += 1
        except DomainError as problem:
            log.warning("method_not_forgotten", subject=operation.subject, code=problem.code)
    return done


def end(operation: ProviderOperation, *, at: datetime) -> None:
    """Send one request; doing it again is harmless."""
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().detach_method(operation.params["method_id"], key=key),
            at=at,
        )
