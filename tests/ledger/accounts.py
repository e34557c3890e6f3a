"""Accounts with money on them, for tests of posting."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count

from ledger.chart import EntryKind, Role
from ledger.models import Account, Entry
from ledger.services import Move, account_id, post_entry

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ON = date(2026, 1, 5)

_numbers = count(1)


def post(*moves: Move, reference: str | None = None, kind: EntryKind = EntryKind.PAY_IN) -> Entry:
    """Post moves under a fresh reference unless one is given."""
    name = reference or f"test:{next(_numbers)}"
    return post_entry(reference=name, kind=kind, effective_on=ON, at=AT, moves=list(moves))


def funded(holder_id: int, cents: int, role: Role = Role.CASH) -> int:
    """An account of a person with that much on it."""
    provider, account = account_id(Role.PROVIDER), account_id(role, holder_id)
    if cents:
        post(Move(provider, account, cents))
    return account


def balance(account: int) -> int:
    """The stored balance."""
    return Account.objects.values_list("balance_cents", flat=True).get(pk=account)
