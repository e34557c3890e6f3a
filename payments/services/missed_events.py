"""What no webhook told us of: the provider's own lists of events, read from where we stopped.

Payouts happen in the recipients' accounts, which have lists of their own; of those accounts only
the ones are looked at to which money was sent lately, a number of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F, OuterRef, Subquery

from payments.errors import ProviderError
from payments.facts import Event
from payments.gateway import gateway, provider_now
from payments.models import EventMark, Payout
from payments.services import inbox
from payments.states import EventSource, PayoutStatus

log = structlog.get_logger(__name__)

FIRST_LOOK: Final = timedelta(days=3)
"""How far back the first look goes; so long the provider tries to deliver, too."""
LONGEST_LOOK: Final = timedelta(days=29)
"""The provider keeps events for thirty days."""
OVERLAP: Final = timedelta(minutes=30)
"""An event may enter the list a little after the instant that it bears."""
PAID_LATELY: Final = timedelta(days=14)
"""So long after it was sent a payout is watched: banks send money back within days."""
ACCOUNTS: Final = 50

_OURS, _THIN = "", "thin"
_OF_RECIPIENTS: Final = ("account.updated", "payout.canceled", "payout.failed", "payout.paid")
_SENT: Final = (PayoutStatus.TRANSFERRED, PayoutStatus.SENT, PayoutStatus.PAID)


def take_up(*, at: datetime) -> int:
    """Keep every event in the provider's lists that we do not have yet; returns how many."""
    found = _read(_OURS, _ours, at=at) + _read(_THIN, _thin, at=at)
    for account_id in _accounts(at):
        found += _read(account_id, lambda since, of=account_id: _of_account(of, since), at=at)
    return found


def _ours(since: datetime) -> list[Event]:
    return gateway().events_since(since, kinds=inbox.WANTED)


def _thin(since: datetime) -> list[Event]:
    return gateway().thin_events_since(since, kinds=inbox.WANTED_THIN)


def _of_account(account_id: str, since: datetime) -> list[Event]:
    return gateway().events_since(since, kinds=_OF_RECIPIENTS, account_id=account_id)


def _read(name: str, look: Callable[[datetime], list[Event]], *, at: datetime) -> int:
    """Read one list from its mark on, and move the mark; a list that cannot be had is left."""
    now = provider_now()
    mark = EventMark.objects.filter(account=name).first()
    since = max(mark.read_until - OVERLAP, now - LONGEST_LOOK) if mark else now - FIRST_LOOK
    try:
        events = look(since)
    except ProviderError as problem:
        log.warning("events_not_listed", account=name, code=problem.code, why=problem.detail[:200])
        return 0
    new = inbox.store(events, source=EventSource.LISTED, at=at)
    told = {"read_until": max(now, mark.read_until) if mark else now, "looked_at": at}
    EventMark.objects.update_or_create(account=name, defaults=told)
    return new


def _accounts(at: datetime) -> Iterable[str]:
    """Recipients to whom money was sent lately, those first that were not looked at for longest."""
    looked = EventMark.objects.filter(account=OuterRef("recipient_id")).values("looked_at")
    rows = Payout.objects.filter(status__in=_SENT, requested_at__gte=at - PAID_LATELY)
    accounts = rows.exclude(recipient_id="").values("recipient_id").distinct()
    by_look = F("looked_at").asc(nulls_first=True)
    ordered = accounts.annotate(looked_at=Subquery(looked)).order_by(by_look, "recipient_id")
    return ordered.values_list("recipient_id", flat=True)[:ACCOUNTS]
