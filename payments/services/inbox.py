"""The inbox: an event says where to look; what is fetched then decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import structlog
from django.db.models import F

from core.errors import DomainError
from payments.facts import Event
from payments.models import (
    CapitalPayment,
    Collection,
    PayIn,
    PaymentCard,
    Payout,
    Refund,
    WebhookEvent,
)
from payments.services import (
    bank_accounts,
    capital,
    cards,
    collections,
    disputes,
    identity,
    pay_ins,
    payouts,
    refunds,
)
from payments.services.passing_on import MANY, pass_on_collected
from payments.states import EventSource, EventStatus

log = structlog.get_logger(__name__)

_THIN: Final = "v1."
"""With this before it, a kind of snapshot event is the kind of the thin event of the same news."""
Acts = dict[str, Callable[[str, datetime], bool]]
"""What each kind of event makes us do; the act says whether it was about something of ours."""
Done = dict[tuple[Callable[[str, datetime], bool], str], bool]
"""What was looked at already, and whether it was ours."""


def store(events: Iterable[Event], *, source: EventSource, at: datetime) -> int:
    """Keep events, each once; returns how many are new."""
    rows = [
        WebhookEvent(
            event_id=event.id,
            kind=event.kind[:80],
            account=event.account_id,
            object_id=event.object_id,
            api_version=event.api_version,
            source=source,
            twin_id=event.twin_id,
            payload=event.raw,
            created_at=event.created_at,
            received_at=at,
        )
        for event in events
    ]
    known = _known([row.event_id for row in rows]) if source == EventSource.LISTED else set()
    new = [row for row in rows if row.event_id not in known]
    WebhookEvent.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _known(event_ids: list[str]) -> set[str]:
    """Which of these events we have, be it as their thin twins."""
    ids = WebhookEvent.objects.filter(event_id__in=event_ids).values_list("event_id", flat=True)
    twins = WebhookEvent.objects.filter(twin_id__in=event_ids).values_list("twin_id", flat=True)
    return {*ids, *twins}


def handle(*, event_id: int, at: datetime) -> EventStatus:
    """Fetch what an event is about and act on it, once; doing it again changes nothing."""
    event = WebhookEvent.objects.get(pk=event_id)
    if event.status != EventStatus.RECEIVED:
        return EventStatus(event.status)
    return _handle(event, _ACTS, at=at)


def _handle(
    event: WebhookEvent, acts: Acts, *, at: datetime, done: Done | None = None
) -> EventStatus:
    rows, tries = WebhookEvent.objects.filter(pk=event.pk), F("tries") + 1
    try:
        is_ours = _act(event, acts, {} if done is None else done, at=at)
    except DomainError as problem:
        rows.update(tries=tries, error=f"{problem.code}: {problem.detail}"[:200])
        raise
    status = EventStatus.HANDLED if is_ours else EventStatus.IGNORED
    rows.update(status=status, handled_at=at, error="", tries=tries)
    return status


def _act(event: WebhookEvent, acts: Acts, done: Done, *, at: datetime) -> bool:
    """Look at the object of an event, unless it was looked at since the event came."""
    act = acts.get(event.kind.removeprefix(_THIN))
    if act is None:
        return False
    if (act, event.object_id) not in done:
        done[act, event.object_id] = act(event.object_id, at)
    return done[act, event.object_id]


def handle_waiting(*, at: datetime, limit: int = 10_000) -> int:
    """Handle every event that waits, oldest first; returns how many were handled.

    Several events about one object are handled by one look at it.
    On a collection day what many of them brought is passed on together afterwards.
    """
    rows = list(WebhookEvent.objects.filter(status=EventStatus.RECEIVED).order_by("id")[:limit])
    is_many, handled, done = len(rows) >= MANY, 0, Done()
    for event in rows:
        try:
            _handle(event, _ACTS_OF_MANY if is_many else _ACTS, at=at, done=done)
            handled += 1
        except DomainError as problem:
            log.warning("event_waits", event_id=event.event_id, kind=event.kind, code=problem.code)
    if is_many:
        pass_on_collected(at=at)
    return handled


def _refresh(model: Any, field: str, refresh: Callable[..., Any], name: str) -> Callable[..., bool]:
    """An act that finds our row by the provider's id and refreshes it."""

    def act(object_id: str, at: datetime) -> bool:
        found = model.objects.filter(**{field: object_id}).values_list("pk", flat=True).first()
        if found is None:
            return False
        refresh(**{name: found}, at=at)
        return True

    return act


def _payment(object_id: str, at: datetime) -> bool:
    """A payment is a collection's or a pay-in's."""
    return _collection(object_id, at) or _pay_in_by_payment(object_id, at)


def _payment_of_many(object_id: str, at: datetime) -> bool:
    """The same, and a collection is passed on later."""
    return _collection_alone(object_id, at) or _pay_in_by_payment(object_id, at)


_collection = _refresh(Collection, "payment_id", collections.refresh, "collection_id")
_collection_alone = _refresh(Collection, "payment_id", collections.look, "collection_id")
_pay_in = _refresh(PayIn, "session_id", pay_ins.refresh, "pay_in_id")
_card = _refresh(PaymentCard, "session_id", cards.settle, "card_id")
_pay_in_by_payment = _refresh(PayIn, "payment_id", pay_ins.refresh, "pay_in_id")
_payout = _refresh(Payout, "payout_id", payouts.refresh, "payout_id")
_refund = _refresh(Refund, "refund_id", refunds.refresh, "refund_id")
_capital = _refresh(CapitalPayment, "topup_id", capital.refresh, "payment_id")


def _session(object_id: str, at: datetime) -> bool:
    """A hosted page is for a pay-in, or to save a card."""
    return _pay_in(object_id, at) or _card(object_id, at)


def _identity(object_id: str, at: datetime) -> bool:
    return identity.refresh(provider_id=object_id, at=at) is not None


def _setup(object_id: str, at: datetime) -> bool:
    return bank_accounts.settle_by_setup(setup_id=object_id, at=at) is not None


def _recipient(object_id: str, at: datetime) -> bool:
    return bank_accounts.settle_by_recipient(recipient_id=object_id, at=at) is not None


def _mandate(object_id: str, at: datetime) -> bool:
    return bank_accounts.drop_by_mandate(mandate_id=object_id, at=at) is not None


def _dispute(object_id: str, at: datetime) -> bool:
    return disputes.refresh_dispute(dispute_id=object_id, at=at) is not None


_ACTS: Final[Acts] = {
    "account.updated": _recipient,
    "charge.dispute.closed": _dispute,
    "charge.dispute.created": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.refund.updated": _refund,
    "checkout.session.async_payment_failed": _pay_in,
    "checkout.session.async_payment_succeeded": _pay_in,
    "checkout.session.completed": _session,
    "checkout.session.expired": _session,
    "identity.verification_session.canceled": _identity,
    "identity.verification_session.processing": _identity,
    "identity.verification_session.requires_input": _identity,
    "identity.verification_session.verified": _identity,
    "mandate.updated": _mandate,
    "payment_intent.canceled": _payment,
    "payment_intent.payment_failed": _payment,
    "payment_intent.succeeded": _payment,
    "payout.canceled": _payout,
    "payout.failed": _payout,
    "payout.paid": _payout,
    "refund.created": _refund,
    "refund.failed": _refund,
    "refund.updated": _refund,
    "setup_intent.setup_failed": _setup,
    "setup_intent.succeeded": _setup,
    "topup.failed": _capital,
    "topup.succeeded": _capital,
    "v2.core.account.closed": _recipient,
    "v2.core.account[configuration.recipient].capability_status_updated": _recipient,
    "v2.core.account[requirements].updated": _recipient,
}
"""What each kind of event makes us look at; other kinds are kept and left alone.

Thin events of the same news are named with "v1." before it, but for those of accounts.
"""
WANTED_THIN: Final = tuple(kind for kind in _ACTS if kind.startswith("v2."))
WANTED: Final = tuple(kind for kind in _ACTS if not kind.startswith("v2."))
"""The kinds that we act on."""

_ACTS_OF_MANY: Final[Acts] = _ACTS | {"payment_intent.succeeded": _payment_of_many}
