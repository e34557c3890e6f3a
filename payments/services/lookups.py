"""Finds out what became of a request whose answer was lost and whose key may be forgotten.

Each request leaves its own id with the object that it makes; the objects made since it was sent
are searched for that id. Found: it is confirmed. Not there: it never happened, and may be asked
for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from payments.facts import Fact, Reversal
from payments.gateway import gateway
from payments.limits import REPLAY_LIFE
from payments.models import OperationKind, ProviderOperation
from payments.services import operations
from payments.states import OperationStatus

BY_PEOPLE: Final = (
    OperationKind.CUSTOMER,
    OperationKind.BANK_SETUP,
    OperationKind.BANK_CONFIRM,
    OperationKind.RECIPIENT,
    OperationKind.PAYOUTS_BY_HAND,
    OperationKind.DESTINATION,
    OperationKind.ONBOARDING_LINK,
    OperationKind.VERIFICATION,
)
"""Asked for while somebody waits on a page; whoever comes again asks anew."""
_EARLIER: Final = timedelta(hours=1)
"""Clocks differ."""


def settle(operation: ProviderOperation, *, at: datetime) -> None:
    """Confirm an old request of unknown outcome, or note that it never happened."""
    since = (operation.sent_at or operation.created_at) - _EARLIER
    search = _SEARCHES.get(OperationKind(operation.kind))
    found = _ours(operation, search(operation, since)) if search else None
    if found is None:
        operations.give_up(operation, at=at, reason="not_found")
    else:
        operations.confirm(operation, found, at=at)


def drop_unsent(*, at: datetime) -> int:
    """End requests that people began and that were never sent, as what they gave is not kept."""
    before = at - REPLAY_LIFE
    rows = ProviderOperation.objects.filter(
        kind__in=BY_PEOPLE, status=OperationStatus.CREATED, sent_at=None, created_at__lt=before
    )
    for operation in rows.order_by("id"):
        operations.abandon(operation, at=at, reason="not_sent")
    return len(rows)


def _ours(operation: ProviderOperation, candidates: Iterable[Fact]) -> Fact | None:
    wanted = operation.metadata["operation"]
    for fact in candidates:
        if (fact.raw.get("metadata") or {}).get("operation") == wanted:
            return fact
    return None


def _payments(operation: ProviderOperation, since: datetime) -> Iterable[Fact]:
    return gateway().payments_since(since)


def _transfers(operation: ProviderOperation, since: datetime) -> Iterable[Fact]:
    return gateway().transfers_to(operation.params["account_id"], since=since)


def _payouts(operation: ProviderOperation, since: datetime) -> Iterable[Fact]:
    return gateway().payouts_of(operation.params["account_id"], since=since)


def _reversals(operation: ProviderOperation, since: datetime) -> Iterable[Fact]:
    transfer = gateway().transfer_state(operation.params["transfer_id"])
    return [Reversal.read(raw) for raw in transfer.raw["reversals"]["data"]]


def _top_ups(operation: ProviderOperation, since: datetime) -> Iterable[Fact]:
    return gateway().top_ups_since(since)


def _refunds(operation: ProviderOperation, since: datetime) -> Iterable[Fact]:
    return gateway().refunds_of(operation.params["payment_id"])


_Search = Callable[[ProviderOperation, datetime], Iterable[Fact]]
_SEARCHES: Final[dict[OperationKind, _Search]] = {
    OperationKind.COLLECT: _payments,
    OperationKind.TRANSFER: _transfers,
    OperationKind.PAYOUT: _payouts,
    OperationKind.REVERSAL: _reversals,
    OperationKind.TOP_UP: _top_ups,
    OperationKind.REFUND: _refunds,
}
"""Requests that move money; any other may simply be made once more."""
