"""What is over is closed at the provider as well, so that nothing is left there that could act.

A page that a lender gave up, a debit that came back (the same payment could still succeed), a
bank account that is no longer used, the pictures of a check that failed long ago. Each closing is
recorded together with what ended, and sent later: at day end, by the sweep, or at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from django.db import connection

from core.errors import DomainError
from payments.facts import Fact
from payments.gateway import gateway
from payments.models import OperationKind, ProviderOperation
from payments.services import forgetting, operations
from payments.states import UNFINISHED, OperationStatus

log = structlog.get_logger(__name__)

BATCH: Final = 1_000
KEEP_FAILED_CHECKS: Final = timedelta(days=30)
"""How long the provider keeps the pictures of a check that failed, for questions."""

_Call = Callable[[str, str], Fact | None]
_CALLS: Final[dict[OperationKind, _Call]] = {
    OperationKind.EXPIRE: lambda target, key: gateway().expire_checkout(target, key=key),
    OperationKind.CANCEL: lambda target, key: gateway().cancel_payment(target, key=key),
    OperationKind.REDACT: lambda target, key: gateway().redact_verification(target, key=key),
}


def record(kind: OperationKind, *, subject: str, target: str, at: datetime) -> ProviderOperation:
    """Record that an object of the provider is to be closed; part of a transaction around it."""
    return operations.intend(kind=kind, subject=subject, at=at, params={"target": target})


def close(operation: ProviderOperation, *, at: datetime) -> None:
    """Close what was recorded, once. Raises the provider's refusal: it was over already."""
    if operation.status == OperationStatus.CONFIRMED:
        return
    call, target = _CALLS[OperationKind(operation.kind)], operation.params["target"]
    operations.carry_out(operation, lambda key: call(target, key), at=at)


def close_due(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: close whatever is over."""
    return {
        "recorded": _record_unused(at),
        "closed": close_waiting(at=at),
        "forgotten": forgetting.forget_waiting(at=at),
    }


def close_waiting(*, at: datetime) -> int:
    """Close what was recorded and not closed yet; returns how much was."""
    closed = 0
    rows = ProviderOperation.objects.filter(kind__in=list(_CALLS), status__in=UNFINISHED)
    for operation in rows.order_by("id")[:BATCH]:
        try:
            close(operation, at=at)
            closed += 1
        except DomainError as problem:
            log.warning("not_closed", operation=operation.key, code=problem.code)
    return closed


def _record_unused(at: datetime) -> int:
    """Record bank accounts that nobody uses and checks that failed long ago."""
    with connection.cursor() as cursor:
        cursor.execute(_UNUSED_METHODS, [BATCH])
        methods = cursor.fetchall()
        cursor.execute(_OLD_CHECKS, [at - KEEP_FAILED_CHECKS, BATCH])
        checks = cursor.fetchall()
    for subject, method_id in methods:
        forgetting.forget_method(subject, method_id, at=at)
    for subject, session_id in checks:
        record(OperationKind.REDACT, subject=subject, target=session_id, at=at)
    return len(methods) + len(checks)


_UNUSED_METHODS: Final = """
SELECT 'accounts.bankaccount:' || account.id, account.provider_method
FROM accounts_bankaccount AS account
WHERE account.status IN ('inactive', 'failed') AND account.provider_method <> ''
  AND NOT EXISTS (
      SELECT FROM payments_collection AS debit
      WHERE debit.bank_account_id = account.id AND debit.status IN ('created', 'processing'))
  AND NOT EXISTS (
      SELECT FROM payments_provideroperation AS operation
      WHERE operation.subject = 'accounts.bankaccount:' || account.id
        AND operation.kind = 'mandate_end')
ORDER BY account.id LIMIT %s
"""
_OLD_CHECKS: Final = """
SELECT 'accounts.identitycheck:' || identity.id, identity.provider_id
FROM accounts_identitycheck AS identity
WHERE identity.status = 'failed' AND identity.started_at < %s AND identity.provider_id <> ''
  AND NOT EXISTS (
      SELECT FROM payments_provideroperation AS operation
      WHERE operation.subject = 'accounts.identitycheck:' || identity.id
        AND operation.kind = 'redact')
ORDER BY identity.id LIMIT %s
"""
