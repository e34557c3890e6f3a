"""Events: written with what caused them, in the same transaction, and sent later."""

from __future__ import annotations

import json
from typing import Any, Final

from payments.sandbox import clock
from payments.sandbox.ids import new_id
from payments.sandbox.store import API_VERSION, PLATFORM, Record, Work

WANTED: Final = frozenset(
    {
        "account.updated",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "identity.verification_session.canceled",
        "identity.verification_session.processing",
        "identity.verification_session.requires_input",
        "identity.verification_session.verified",
        "mandate.updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "payout.canceled",
        "payout.failed",
        "payout.paid",
        "refund.failed",
        "refund.updated",
        "setup_intent.setup_failed",
        "setup_intent.succeeded",
        "topup.failed",
        "topup.succeeded",
        "transfer.reversed",
    }
)
"""The kinds that our endpoint asked for. Others are not written at all: nobody would read them."""


def emit(
    work: Work,
    kind: str,
    record: Record,
    *,
    shown: dict[str, Any] | None = None,
    account: str | None = None,
) -> None:
    """Write an event with a copy of the object as it is now, if anyone asked for its kind.

    Args:
        shown: the copy, where it is not the object itself (an account in its older form).
    """
    if kind not in WANTED:
        return
    owner = record.account if account is None else account
    event_id = new_id("event")
    payload: dict[str, Any] = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": clock.seconds(work.now),
        "data": {"object": record.data if shown is None else shown},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    if owner != PLATFORM:
        payload["account"] = owner
    work.append(
        "events",
        {
            "event_id": event_id,
            "kind": kind,
            "account": owner,
            "created_at": work.now.isoformat(),
            "payload": json.dumps(payload),
        },
    )
