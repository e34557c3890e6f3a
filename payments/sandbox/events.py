"""Events: written with what caused them, in the same transaction, and sent later."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from payments.sandbox import clock
from payments.sandbox.ids import new_id
from payments.sandbox.store import API_VERSION, PLATFORM, Record, Work

WANTED: Final = frozenset(
    {
        "account.updated",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
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
        "refund.created",
        "refund.failed",
        "refund.updated",
        "setup_intent.setup_failed",
        "setup_intent.succeeded",
        "topup.failed",
        "topup.succeeded",
        "transfer.reversed",
    }
)
"""The kinds that our endpoint asked for.

Others are never sent, and are only written for callers of the sandbox's server, who may list them.
"""


def emit(
    work: Work,
    kind: str,
    record: Record,
    *,
    shown: dict[str, Any] | None = None,
    account: str | None = None,
) -> None:
    """Write an event with a copy of the object as it is now, if anyone may read it.

    Args:
        shown: the copy, where it is not the object itself (an account in its older form).
    """
    is_wanted = kind in WANTED
    if not is_wanted and not work.tells_all:
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
        "pending_webhooks": int(is_wanted),
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    if owner != PLATFORM:
        payload["account"] = owner
    _keep(work, payload, owner, is_wanted=is_wanted)


def emit_thin(work: Work, kind: str, record: Record) -> None:
    """Write an event of the second kind, which holds no copy, about an object of the platform."""
    payload = {
        "id": new_id("event"),
        "object": "v2.core.event",
        "created": _iso(work.now),
        "livemode": False,
        "reason": None,
        "related_object": _related(record.kind, record.id),
        "type": kind,
    }
    _keep(work, payload, PLATFORM)


def thin_of(payload: dict[str, Any]) -> dict[str, Any]:
    """The thin form of an event, with an id of its own; a thin one is left as it is."""
    if payload["object"] != "event":
        return payload
    shown = payload["data"]["object"]
    thin = {
        "id": payload["id"].replace("evt_", "evt_thin_", 1),
        "object": "v2.core.event",
        "created": _iso(datetime.fromtimestamp(payload["created"], UTC)),
        "livemode": False,
        "reason": None,
        "related_object": _related(shown["object"], shown["id"]),
        "snapshot_event": payload["id"],
        "type": f"v1.{payload['type']}",
    }
    return thin | ({"context": payload["account"]} if "account" in payload else {})


def _keep(work: Work, payload: dict[str, Any], owner: str, *, is_wanted: bool = True) -> None:
    row = {"event_id": payload["id"], "kind": payload["type"], "account": owner}
    sent = {"created_at": work.now.isoformat(), "payload": json.dumps(payload)}
    work.append("events", row | sent | {"delivered_at": None if is_wanted else sent["created_at"]})


def _related(kind: str, object_id: str) -> dict[str, str]:
    """Where to fetch an object; the address of a kind is its name in the plural, with slashes."""
    if kind == "v2.core.account":
        url = f"/v2/core/accounts/{object_id}"
    else:
        url = f"/v1/{kind.replace('.', '/')}s/{object_id}"
    return {"id": object_id, "type": kind, "url": url}


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
