"""The sweep: what a lost webhook, a crash or an absent provider left lying is taken up again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from accounts.models import BankAccount, BankStatus, CheckStatus, IdentityCheck
from core.clock import day_of
from core.errors import DomainError
from payments.limits import PATIENCE
from payments.models import (
    CapitalPayment,
    Collection,
    Dispute,
    PayIn,
    Payout,
    ProviderOperation,
    Refund,
)
from payments.services import (
    bank_accounts,
    capital,
    closings,
    collections,
    disputes,
    forgetting,
    identity,
    inbox,
    lookups,
    missed_events,
    operations,
    pay_ins,
    payouts,
    refunds,
)
from payments.services.passing_on import pass_on_collected
from payments.states import (
    DISPUTE_OPEN,
    UNFINISHED,
    CapitalStatus,
    CollectionStatus,
    PayInStatus,
    PayoutStatus,
    RefundStatus,
)

log = structlog.get_logger(__name__)

BATCH = 500


def sweep(*, at: datetime, patience: timedelta = PATIENCE) -> dict[str, int]:
    """Look after every row that has not moved for a while; returns how many of each kind."""
    before = at - patience
    return {
        "looked_up": _each(_too_old(at), lambda row: lookups.settle(row, at=at)),
        "missed": missed_events.take_up(at=at),
        "dropped": lookups.drop_unsent(at=at),
        "events": inbox.handle_waiting(at=at, limit=BATCH),
        "closed": closings.close_waiting(at=at),
        "pay_ins": _pay_ins(before, at),
        "collections": _collections(before, at),
        "payouts": _payouts(before, at),
        "capital": _capital(before, at),
        "refunds": _refunds(before, at),
        "disputes": _disputes(at),
        "identity_checks": _identity_checks(before, at),
        "bank_accounts": _bank_accounts(before, at),
        "forgotten": forgetting.forget_waiting(at=at),
        "passed_on": pass_on_collected(at=at),
    }


def _each(rows: Iterable[Any], act: Callable[[Any], object]) -> int:
    """Do `act` for each row; one that fails does not hold up the others."""
    done = 0
    for row in rows:
        try:
            act(row)
            done += 1
        except DomainError as problem:
            log.warning("sweep_left", row=str(row), code=problem.code, why=problem.detail[:200])
    return done


def _too_old(at: datetime) -> list[ProviderOperation]:
    rows = ProviderOperation.objects.filter(status__in=UNFINISHED, sent_at__isnull=False)
    return [row for row in rows.order_by("id")[:BATCH] if not operations.is_repeatable(row, at)]


def _pay_ins(before: datetime, at: datetime) -> int:
    rows = PayIn.objects.filter(created_at__lte=before).order_by("id")
    prepared = rows.filter(status=PayInStatus.CREATED)[:BATCH]
    opened = rows.filter(status__in=[PayInStatus.OPEN, PayInStatus.PENDING])[:BATCH]
    return _each(prepared, lambda row: pay_ins.open_page(pay_in_id=row.pk, at=at)) + _each(
        opened, lambda row: pay_ins.refresh(pay_in_id=row.pk, at=at)
    )


def _collections(before: datetime, at: datetime) -> int:
    rows = Collection.objects.filter(created_at__lte=before).order_by("id")
    prepared = rows.filter(status=CollectionStatus.CREATED)[:BATCH]
    due = rows.filter(status=CollectionStatus.PROCESSING, target_on__lte=day_of(at))[:BATCH]
    return _each(prepared, lambda row: collections.send(collection_id=row.pk, at=at)) + _each(
        due, lambda row: collections.refresh(collection_id=row.pk, at=at)
    )


def _payouts(before: datetime, at: datetime) -> int:
    rows = Payout.objects.filter(requested_at__lte=before).order_by("id")
    to_do = rows.filter(
        status__in=[PayoutStatus.REQUESTED, PayoutStatus.TRANSFERRED, PayoutStatus.FAILED]
    )[:BATCH]
    on_its_way = rows.filter(status=PayoutStatus.SENT, arrives_on__lte=day_of(at))[:BATCH]
    return _each(to_do, lambda row: payouts.send(payout_id=row.pk, at=at)) + _each(
        on_its_way, lambda row: payouts.refresh(payout_id=row.pk, at=at)
    )


def _capital(before: datetime, at: datetime) -> int:
    rows = CapitalPayment.objects.filter(created_at__lte=before).order_by("id")
    prepared = rows.filter(status=CapitalStatus.CREATED)[:BATCH]
    pending = rows.filter(status=CapitalStatus.PENDING)[:BATCH]
    return _each(prepared, lambda row: capital.send(payment_id=row.pk, at=at)) + _each(
        pending, lambda row: capital.refresh(payment_id=row.pk, at=at)
    )


def _refunds(before: datetime, at: datetime) -> int:
    rows = Refund.objects.filter(asked_at__lte=before).order_by("id")
    asked = rows.filter(status=RefundStatus.REQUESTED)[:BATCH]
    sent = rows.filter(status=RefundStatus.SENT)[:BATCH]
    return _each(asked, lambda row: refunds.send(refund_id=row.pk, at=at)) + _each(
        sent, lambda row: refunds.refresh(refund_id=row.pk, at=at)
    )


def _disputes(at: datetime) -> int:
    """Every dispute that is not over: a word of it may come late or never."""
    rows = Dispute.objects.filter(status__in=DISPUTE_OPEN).order_by("id")[:BATCH]
    return _each(rows, lambda row: disputes.refresh_dispute(dispute_id=row.provider_id, at=at))


def _identity_checks(before: datetime, at: datetime) -> int:
    open_statuses = [CheckStatus.STARTED, CheckStatus.PROCESSING]
    rows = IdentityCheck.objects.filter(status__in=open_statuses, started_at__lte=before)
    recent = rows.filter(started_at__gte=at - timedelta(days=7)).order_by("id")[:BATCH]
    return _each(recent, lambda row: identity.refresh(provider_id=row.provider_id, at=at))


def _bank_accounts(before: datetime, at: datetime) -> int:
    rows = BankAccount.objects.filter(status=BankStatus.PENDING, created_at__lte=before)
    recent = rows.filter(created_at__gte=at - timedelta(days=7)).order_by("id")[:BATCH]
    return _each(recent, lambda row: bank_accounts.settle(bank_account_id=row.pk, at=at))
