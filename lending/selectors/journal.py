"""One entry of the ledger as a person may see it: the moves on their own accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from accounts.models import User
from core.errors import NotFound
from ledger.chain import Chain
from ledger.chart import EntryKind, Role
from ledger.models import Account, Entry, Seal, Transfer
from lending.selectors.booked_for import Target, targets_of
from lending.selectors.reasons_of_moves import Reason, reason_of

OWN_ROLES: Final = (
    Role.CASH,
    Role.RESERVED,
    Role.INVESTED,
    Role.IN_TRANSIT_OUT,
    Role.RECEIVABLE,
)
"""Accounts whose holder is a person."""


@dataclass(frozen=True)
class JournalMove:
    """One move: from the account that is debited to the one that is credited."""

    reason: Reason
    debit: Role
    credit: Role
    cents: int


@dataclass(frozen=True)
class JournalEntry:
    """An entry with the reader's part of it.

    Attributes:
        seal: covers the entry in the chain of seals; None until the next one is set.
    """

    id: int
    reference: str
    kind: EntryKind
    on: date
    posted_at: datetime
    moves: Sequence[JournalMove]
    target: Target | None
    seal: Seal | None


def journal_entry(user: User, entry_id: int) -> JournalEntry:
    """The entry with this person's own moves; NotFound where none of them is theirs."""
    own = Account.objects.filter(role__in=OWN_ROLES, holder_id=user.pk).values("id")
    rows = Transfer.objects.filter(Q(debit__in=own) | Q(credit__in=own), entry=entry_id)
    moves = [_move(row) for row in rows.select_related("debit", "credit").order_by("id")]
    if not moves:
        raise NotFound(f"journal entry {entry_id}")
    entry = Entry.objects.get(pk=entry_id)
    covers = {"chain": Chain.LEDGER, "first_id__lte": entry_id, "last_id__gte": entry_id}
    return JournalEntry(
        id=entry.pk,
        reference=entry.reference,
        kind=EntryKind(entry.kind),
        on=entry.effective_on,
        posted_at=entry.posted_at,
        moves=moves,
        target=targets_of(user, [entry]).get(entry.pk),
        seal=Seal.objects.filter(**covers).first(),
    )


def _move(row: Transfer) -> JournalMove:
    debit, credit = Role(row.debit.role), Role(row.credit.role)
    return JournalMove(reason_of(row.entry.kind, debit, credit), debit, credit, row.cents)
