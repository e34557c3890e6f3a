"""What the sandbox holds, for the panel: the newest of each kind, in plain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Count, Q

from payments.sandbox import clock
from payments.sandbox.models import Fate, StoredEvent, StoredObject

SHOWN: Final = 8


def payments() -> list[dict[str, Any]]:
    """The newest payments that a bank may contest; `id` is that of the payment intent."""
    rows = _newest(
        "charge",
        data__status="succeeded",
        data__disputed=False,
        data__payment_intent__startswith="pi_",
    )
    return [
        _plain(row, row.data["payment_intent"])
        | {"kind": row.data["payment_method_details"]["type"]}
        for row in rows
    ]


def payouts() -> list[dict[str, Any]]:
    """The newest payouts that a bank may send back."""
    rows = _newest("payout", data__status__in=["pending", "in_transit", "paid"])
    return [_plain(row, row.object_id) for row in rows]


def refunds() -> list[dict[str, Any]]:
    """The newest refunds that may come back."""
    rows = _newest("refund", data__status__in=["pending", "succeeded"])
    return [_plain(row, row.object_id) for row in rows]


def fates() -> list[Fate]:
    """What was decreed last."""
    return list(Fate.objects.order_by("-id")[:SHOWN])


def events() -> dict[str, int]:
    """How many events arrived, wait, and were lost."""
    waits = Q(delivered_at__isnull=True, lost_at__isnull=True)
    return StoredEvent.objects.aggregate(
        arrived=Count("id", filter=Q(delivered_at__isnull=False)),
        waiting=Count("id", filter=waits),
        lost=Count("id", filter=Q(lost_at__isnull=False)),
    )


def names_of_accounts(books: Iterable[str]) -> dict[str, str]:
    """Whose the books of connected accounts are: account -> the name that it shows."""
    wanted = {name.partition(":")[2] for name in books}
    rows = StoredObject.objects.filter(kind="v2.core.account", object_id__in=wanted)
    return dict(rows.values_list("object_id", "data__display_name"))


def _newest(kind: str, **given: Any) -> list[StoredObject]:
    return list(StoredObject.objects.filter(kind=kind, **given).order_by("-id")[:SHOWN])


def _plain(row: StoredObject, object_id: str) -> dict[str, Any]:
    made = datetime.fromtimestamp(row.data["created"], UTC)
    shown = {"status": row.data["status"], "on": clock.day_of(made)}
    return {"id": object_id, "cents": row.data["amount"]} | shown
