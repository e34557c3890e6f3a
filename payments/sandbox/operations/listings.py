"""Lists, newest first, in pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from payments.sandbox import forms, store
from payments.sandbox.errors import bad_parameter, missing
from payments.sandbox.events import thin_of
from payments.sandbox.models import StoredEvent
from payments.sandbox.store import Work

Handler = Callable[..., Any]
LAST_SECOND = 253_402_300_800
"""The end of the year 9999, up to which Python counts."""
_PAGING = frozenset({"created", "ending_before", "expand", "limit", "starting_after"})


def listing(kind: str, url: str, *, parent: str = "") -> Handler:
    """The handler that lists one kind; `parent` names the parameter that is indexed."""

    def handle(work: Work, params: dict[str, Any]) -> dict[str, Any]:
        since, until = _created(params)
        limit = _limit(params)
        equal = {
            name: str(value)
            for name, value in params.items()
            if name not in _PAGING and name != parent
        }
        found = store.listed(
            kind,
            account=work.account,
            parent=params.get(parent, "") if parent else "",
            equal=equal,
            since=since,
            until=until,
            after=params.get("starting_after", ""),
            limit=limit + 1,
        )
        rows = [record.data for record in found[:limit]]
        return {
            "object": "list",
            "data": rows,
            "has_more": len(found) > limit,
            "url": url,
        }

    return handle


def methods_of_customer(work: Work, params: dict[str, Any], customer_id: str) -> dict[str, Any]:
    """GET customers/{id}/payment_methods."""
    work.find(customer_id, "customer")
    handle = listing(
        "payment_method",
        f"/v1/customers/{customer_id}/payment_methods",
        parent="customer",
    )
    listed: dict[str, Any] = handle(work, {**params, "customer": customer_id})
    return listed


def events(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """GET events; the platform sees its own and those of connected accounts in their own lists."""
    since, until = _created(params)
    limit = _limit(params)
    rows = StoredEvent.objects.filter(account=work.account).order_by("-id")
    rows = rows.exclude(kind__startswith="v2.")
    if since:
        rows = rows.filter(created_at__gte=since)
    if until:
        rows = rows.filter(created_at__lte=until)
    if "type" in params:
        rows = rows.filter(kind=params["type"])
    if "types" in params:
        rows = rows.filter(kind__in=params["types"])
    if params.get("delivery_success") is False:
        rows = rows.filter(delivered_at__isnull=True)
    if "starting_after" in params:
        last = StoredEvent.objects.filter(event_id=params["starting_after"]).values("id")
        rows = rows.filter(id__lt=last[:1])
    found = list(rows.values_list("payload", flat=True)[: limit + 1])
    return {
        "object": "list",
        "data": [json.loads(payload) for payload in found[:limit]],
        "has_more": len(found) > limit,
        "url": "/v1/events",
    }


def thin_events(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """GET v2/core/events, newest first: those of accounts, and the thin form of all the others."""
    rows = StoredEvent.objects.order_by("-id")
    if "types" in params:
        kinds = [kind.removeprefix("v1.") for kind in params["types"]]
        rows = rows.filter(kind__in=kinds)
    for name, instant in params.get("created", {}).items():
        rows = rows.filter(**{f"created_at__{name}": _iso(instant)})
    if "object_id" in params:
        rows = rows.filter(payload__contains=f'"{params["object_id"]}"')
    if page := params.get("page"):
        if not page.isdecimal():
            raise bad_parameter("Invalid page", param="page")
        rows = rows.filter(id__lt=int(page[:18]))
    limit = _limit(params)
    found = list(rows[: limit + 1])
    further = {**params, "page": str(found[limit - 1].pk)} if len(found) > limit else None
    return {
        "data": [thin_of(json.loads(row.payload)) for row in found[:limit]],
        "next_page_url": f"/v2/core/events?{forms.encode(further)}" if further else None,
        "previous_page_url": None,
    }


def event(work: Work, params: dict[str, Any], event_id: str) -> dict[str, Any]:
    """GET events/{id}."""
    row = StoredEvent.objects.filter(event_id=event_id, account=work.account).first()
    if row is None:
        raise missing("event", event_id)
    found: dict[str, Any] = json.loads(row.payload)
    return found


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_parameter(f"Invalid timestamp: {text}", param="created") from error


def _limit(params: dict[str, Any]) -> int:
    limit: int = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise bad_parameter("Invalid limit: must be between 1 and 100", param="limit")
    return limit


def _created(params: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """The first and the last instant asked for; the API counts in whole seconds."""
    asked = params.get("created")
    if asked is None:
        return None, None
    if isinstance(asked, int):
        asked = {"gte": asked, "lte": asked}
    first = asked.get("gte", asked.get("gt", -1) + 1 if "gt" in asked else None)
    last = asked.get("lte", asked.get("lt", 1) - 1 if "lt" in asked else None)
    if any(end is not None and not 0 <= end < LAST_SECOND for end in (first, last)):
        raise bad_parameter("Invalid timestamp", param="created")
    since = datetime.fromtimestamp(first, UTC) if first is not None else None
    until = datetime.fromtimestamp(last + 0.999999, UTC) if last is not None else None
    return since, until
