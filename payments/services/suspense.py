"""Suspense: money at the provider that no row of ours explains is booked, and waits for a cause.

Holding a line keeps the ledger equal to the provider's balance; it explains nothing. Two members of
staff settle it: one proposes the cause, another approves it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import structlog
from django.db import connection, transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import NotAllowed, NotFound
from core.inputs import line as line_of_text
from core.inputs import one_of
from core.transitions import advance
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.errors import InsufficientFunds
from ledger.services import Move, locked_accounts, post_entry
from lending.errors import FourEyes
from lending.services.receivables import settle_receivables
from payments.errors import NobodyNamed, NotExplained
from payments.models import ProviderLine, SuspenseCause, SuspenseItem
from payments.own_lines import OWN_LINES
from payments.states import SUSPENSE_TRANSITIONS, SuspenseStatus

log = structlog.get_logger(__name__)

_OTHER_SIDE: Final = {
    SuspenseCause.BOOKED: Role.PROVIDER,
    SuspenseCause.PERSON: Role.CASH,
    SuspenseCause.COST: Role.PROVIDER_COSTS,
    SuspenseCause.CAPITAL: Role.CAPITAL,
}


def hold_unexplained(*, before: date, on: date, at: datetime) -> int:
    """Hold every line of a day before `before` that no row of ours names; returns how many.

    A line that would take more than we have at the provider is left as an open difference.
    """
    held = 0
    for line_id in _unexplained(before):
        try:
            held += hold(line_id=line_id, on=on, at=at) is not None
        except InsufficientFunds:
            log.error("suspense_would_overdraw", line=line_id)
    return held


@transaction.atomic
def hold(*, line_id: int, on: date, at: datetime) -> SuspenseItem | None:
    """Book the net amount of one line into suspense, once; None when there is nothing to hold."""
    platform = [PLATFORM_ID]
    found = locked_accounts({Role.PROVIDER: platform, Role.SUSPENSE: platform})
    provider, suspense = (found[role][PLATFORM_ID] for role in (Role.PROVIDER, Role.SUSPENSE))
    line = ProviderLine.objects.select_for_update().get(pk=line_id)
    if earlier := SuspenseItem.objects.filter(line=line).first():
        return earlier
    if line.net_cents == 0 or is_named(line.transaction_id):
        return None
    item = SuspenseItem(line=line, cents=line.net_cents, held_on=on)
    item.entry = post_entry(
        reference=item.reference,
        kind=EntryKind.SUSPENSE,
        effective_on=on,
        at=at,
        moves=[_move(provider, suspense, line.net_cents)],
    )
    item.save()
    audit.record(item, "held", at=at, after=str(line.net_cents))
    return item


@transaction.atomic
def propose(
    *, staff: User, item_id: int, cause: str, note: str, at: datetime, email: str = ""
) -> SuspenseItem:
    """Say what a line turned out to be; a second person then decides.

    Raises NotAllowed, NotFound, NobodyNamed, NotExplained, InvalidInput, or IllegalTransition.
    """
    item = _locked(staff, item_id)
    chosen = SuspenseCause(one_of("cause", cause, SuspenseCause.values))
    person = _person(email) if chosen == SuspenseCause.PERSON else None
    if chosen == SuspenseCause.BOOKED and not is_named(item.line.transaction_id):
        raise NotExplained(field="cause")
    advance(
        item,
        SuspenseStatus.PROPOSED,
        table=SUSPENSE_TRANSITIONS,
        at=at,
        actor_id=staff.pk,
        reason=chosen,
        cause=chosen,
        person=person,
        note=line_of_text("note", note, minimum=5, maximum=500),
        proposed_by=staff,
    )
    return item


@transaction.atomic
def turn_down(*, staff: User, item_id: int, at: datetime) -> SuspenseItem:
    """Do not agree with what was proposed, or take one's own proposal back; it is open again."""
    item = _locked(staff, item_id)
    advance(
        item,
        SuspenseStatus.OPEN,
        table=SUSPENSE_TRANSITIONS,
        at=at,
        actor_id=staff.pk,
        cause="",
        person=None,
        proposed_by=None,
    )
    return item


@transaction.atomic
def settle(*, staff: User, item_id: int, on: date, at: datetime) -> SuspenseItem:
    """Book a held line to the cause that another member of staff proposed; twice changes nothing.

    Raises FourEyes (the proposer), NotAllowed, NotFound, IllegalTransition, InsufficientFunds.
    """
    _check(staff)
    known = SuspenseItem.objects.filter(pk=item_id).first()
    if known is None:
        raise NotFound(f"suspense {item_id}")
    if known.status == SuspenseStatus.SETTLED:
        return known
    other = _OTHER_SIDE.get(SuspenseCause(known.cause)) if known.cause else None
    holder = known.person_id or PLATFORM_ID
    wanted: dict[Role, list[int]] = {Role.SUSPENSE: [PLATFORM_ID]}
    if other:
        wanted[other] = [holder]
    found = locked_accounts(wanted)
    item = _locked(staff, item_id)
    if item.proposed_by_id == staff.pk:
        raise FourEyes
    if other is None or item.cause != known.cause or item.person_id != known.person_id:
        raise NotFound(f"suspense {item_id} has changed")
    if item.cause == SuspenseCause.BOOKED and not is_named(item.line.transaction_id):
        raise NotExplained
    entry = post_entry(
        reference=item.resolution_reference,
        kind=EntryKind.CORRECTION,
        effective_on=on,
        at=at,
        moves=[_move(found[Role.SUSPENSE][PLATFORM_ID], found[other][holder], item.cents)],
    )
    advance(
        item,
        SuspenseStatus.SETTLED,
        table=SUSPENSE_TRANSITIONS,
        at=at,
        actor_id=staff.pk,
        decided_by=staff,
        resolution=entry,
        settled_at=at,
    )
    if item.person_id and item.cents > 0:
        settle_receivables(person_ids=[item.person_id], cause=entry.reference, on=day_of(at), at=at)
    return item


def is_named(transaction_id: str) -> bool:
    """Whether a row of ours names the line."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, {"line": transaction_id})
        return bool(cursor.fetchone()[0])


def _move(debit: int, credit: int, cents: int) -> Move:
    """Money that came goes from left to right; money that left goes back."""
    return Move(debit, credit, cents) if cents > 0 else Move(credit, debit, -cents)


def _person(email: str) -> User:
    found = User.objects.filter(email=email.strip().lower(), is_staff=False).first()
    if found is None:
        raise NobodyNamed(field="email")
    return found


def _check(staff: User) -> None:
    if not (staff.is_staff and staff.is_active):
        raise NotAllowed("only staff settle suspense")


def _locked(staff: User, item_id: int) -> SuspenseItem:
    _check(staff)
    rows = SuspenseItem.objects.select_for_update(of=("self",)).select_related("line")
    found = rows.filter(pk=item_id).first()
    if found is None:
        raise NotFound(f"suspense {item_id}")
    return found


def _unexplained(before: date) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_UNEXPLAINED, {"before": before})
        return [row[0] for row in cursor.fetchall()]


_NAMED: Final = f"""
SELECT EXISTS (SELECT FROM ({OWN_LINES}) AS own WHERE own.transaction_id = %(line)s)
"""  # noqa: S608 - our own words

_UNEXPLAINED: Final = f"""
SELECT line.id FROM payments_providerline AS line
WHERE line.agreed_on IS NULL AND line.booked_on < %(before)s AND NOT line.is_gone
  AND line.net_cents <> 0
  AND NOT EXISTS (SELECT FROM payments_suspenseitem WHERE line_id = line.id)
  AND NOT EXISTS (SELECT FROM ({OWN_LINES}) AS own WHERE own.transaction_id = line.transaction_id)
ORDER BY line.id
"""  # noqa: S608 - our own words
