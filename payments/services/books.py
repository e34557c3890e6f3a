"""Reads the provider's books into a table of ours: what is new, and the latest stretch once more.

What was read stays as it was read. A line that the provider changes or drops later is marked, and
the comparison reports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from core.clock import day_of
from payments.facts import BalanceTransaction
from payments.gateway import THE_BEGINNING, gateway, provider_now
from payments.models import BooksMark, ProviderLine

DAILY: Final = timedelta(days=3)
"""How far before the mark the day end reads again: lines may be listed late."""
WIDE: Final = timedelta(days=35)
"""How far before the mark a proof reads again; only a full reading goes back further."""
FEW: Final = 2_000
"""So many lines are read again in a second or two, so a proof reads them all."""

_BATCH: Final = 1_000
_COMPARED: Final = ("kind", "source_id", "amount_cents", "fee_cents", "net_cents", "created_at")


def read_lines(*, back: timedelta | None = WIDE) -> int:
    """Read the provider's lines from `back` before the mark on; None reads all of them again.

    So does WIDE while there are few. Returns how many were new.
    """
    begun = provider_now()
    since = _since(back)
    found = gateway().balance_transactions(since=since)
    return _keep(found[::-1], since=since, begun=begun)


def _since(back: timedelta | None) -> datetime:
    mark = BooksMark.objects.filter(pk=BooksMark.ONLY).first()
    if mark is None or back is None:
        return THE_BEGINNING
    if back == WIDE and ProviderLine.objects.count() <= FEW:
        return THE_BEGINNING
    return (mark.read_until - back).replace(microsecond=0)


@transaction.atomic
def _keep(found: Sequence[BalanceTransaction], *, since: datetime, begun: datetime) -> int:
    """Add what is new, mark what is no longer as it was, and move the mark; all of it or nothing.

    A line that another process added meanwhile was read after we began, and is not missed here.
    """
    known = {
        line.transaction_id: line
        for line in ProviderLine.objects.filter(created_at__gte=since).order_by("id")
    }
    there = {fact.id: fact for fact in found}
    new = [_line(fact, begun) for fact in found if fact.id not in known]
    ProviderLine.objects.bulk_create(new, batch_size=_BATCH, ignore_conflicts=True)
    older = [line for line in known.values() if line.read_at < begun]
    _mark_gone(older, there)
    _mark_changed((line, there[line.transaction_id]) for line in older if not line.is_gone)
    mark, is_first = BooksMark.objects.get_or_create(
        pk=BooksMark.ONLY, defaults={"read_until": begun}
    )
    if not is_first and mark.read_until < begun:
        BooksMark.objects.filter(pk=mark.pk, read_until__lt=begun).update(read_until=begun)
    return len(new)


def _line(fact: BalanceTransaction, read_at: datetime) -> ProviderLine:
    return ProviderLine(
        transaction_id=fact.id,
        kind=fact.kind[:40],
        source_id=fact.source_id,
        amount_cents=fact.amount_cents,
        fee_cents=fact.fee_cents,
        net_cents=fact.net_cents,
        created_at=fact.created_at,
        booked_on=day_of(fact.created_at),
        available_on=fact.available_on,
        read_at=read_at,
    )


def _mark_gone(lines: Iterable[ProviderLine], there: dict[str, BalanceTransaction]) -> None:
    for line in lines:
        is_gone = line.transaction_id not in there
        if is_gone != line.is_gone:
            line.is_gone = is_gone
            line.save(update_fields=["is_gone"])


def _mark_changed(pairs: Iterable[tuple[ProviderLine, BalanceTransaction]]) -> None:
    for line, fact in pairs:
        says = _changes(line, fact)
        if says != (line.now_says or {}):
            line.now_says = says or None
            line.save(update_fields=["now_says"])


def _changes(line: ProviderLine, fact: BalanceTransaction) -> dict[str, Any]:
    """What the provider says now, field by field, where that is not what it said."""
    return {
        name: _plain(getattr(fact, name))
        for name in _COMPARED
        if getattr(line, name) != getattr(fact, name)
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
