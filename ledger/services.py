"""Posting: the only way in which a balance changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction

from core.bulk import array_of
from ledger.chart import PLATFORM_ID, RULES, EntryKind, Role
from ledger.errors import EmptyEntry, InsufficientFunds, ReferenceReused
from ledger.models import Account, Entry


class Move(NamedTuple):
    """Takes from one account and gives to another, by account id; whole cents above zero."""

    debit_id: int
    credit_id: int
    cents: int


def account_ids(role: Role, holder_ids: Iterable[int]) -> dict[int, int]:
    """The account of `role` for each holder, opened where missing: holder id -> account id."""
    wanted = sorted(set(holder_ids))
    rule = RULES[role]
    known = _known(role, wanted)
    missing = [holder_id for holder_id in wanted if holder_id not in known]
    if not missing:
        return known
    Account.objects.bulk_create(
        [
            Account(role=role, holder_id=holder_id, side=rule.side, may_overdraw=rule.may_overdraw)
            for holder_id in missing
        ],
        ignore_conflicts=True,
    )
    return known | _known(role, missing)


def _known(role: Role, holder_ids: Sequence[int]) -> dict[int, int]:
    """The accounts that are there; one array is parsed far faster than thousands of values."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [role.value, array_of(holder_ids)])
        return dict(cursor.fetchall())


def account_id(role: Role, holder_id: int = PLATFORM_ID) -> int:
    """The account of `role` for one holder, opened where it is missing."""
    return account_ids(role, [holder_id])[holder_id]


def lock_accounts(ids: Iterable[int]) -> Mapping[int, int]:
    """Lock accounts in id order until the transaction ends; account id -> balance in cents.

    Whoever locks more than accounts locks the accounts first, so that no two acts wait in a ring.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [array_of(sorted(set(ids)))])
        return dict(cursor.fetchall())


def locked_accounts(holders: Mapping[Role, Collection[int]]) -> dict[Role, dict[int, int]]:
    """Open what is missing, then lock all of it in id order: role -> holder id -> account id.

    Everything is opened before anything is locked: opening may wait for another transaction that
    opens the same account, and must not make that one wait in turn.
    """
    pairs = [(role, holder_id) for role in sorted(holders) for holder_id in set(holders[role])]
    found: dict[Role, dict[int, int]] = {role: {} for role in holders}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [[role for role, _ in pairs], [holder for _, holder in pairs]])
        for role, holder_id, account in cursor.fetchall():
            found[Role(role)][holder_id] = account
    for role in sorted(holders):
        if missing := set(holders[role]) - found[role].keys():
            found[role] |= account_ids(role, missing)
    lock_accounts(account for accounts in found.values() for account in accounts.values())
    return found


@transaction.atomic
def post_entry(
    *,
    reference: str,
    kind: EntryKind,
    effective_on: date,
    at: datetime,
    moves: Sequence[Move],
) -> Entry:
    """Write `moves` as one entry, or return the entry that `reference` already names.

    A move takes from one account and gives to another, so an unbalanced entry
    cannot be written down at all. Entries are never edited: post the reverse.
    Raises EmptyEntry, InsufficientFunds, or ReferenceReused (same name, other moves).
    """
    if not moves or any(move.cents <= 0 for move in moves):
        raise EmptyEntry(reference)
    entry, is_new = Entry.objects.get_or_create(
        reference=reference,
        defaults={"kind": kind, "effective_on": effective_on, "posted_at": at},
    )
    if is_new:
        _write(entry, moves)
    elif sorted(moves) != sorted(moves_of(entry)):
        raise ReferenceReused(reference)
    return entry


def moves_of(entry: Entry) -> list[Move]:
    """The moves of an entry, as they were posted."""
    rows = entry.transfers.order_by("id").values_list("debit_id", "credit_id", "cents")
    return [Move(*row) for row in rows]


def reverse_moves(moves: Iterable[Move]) -> list[Move]:
    """The same amounts the other way round; an entry is corrected by posting these."""
    return [Move(move.credit_id, move.debit_id, move.cents) for move in moves]


def _write(entry: Entry, moves: Sequence[Move]) -> None:
    """Lock the balances in id order, add the moves to them, store the moves."""
    touched = {move.debit_id for move in moves} | {move.credit_id for move in moves}
    lock_accounts(touched)
    columns = [array_of(column) for column in zip(*moves, strict=True)]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_WRITE, [*columns, entry.pk])
    except IntegrityError as error:
        if "ledger_account_not_overdrawn" in str(error):
            raise InsufficientFunds(entry.reference) from error
        raise


_KNOWN = """
SELECT holder_id, id FROM ledger_account WHERE role = %s AND holder_id = ANY(%s::bigint[])
"""

_FIND = """
SELECT account.role, account.holder_id, account.id
FROM unnest(%s::text[], %s::bigint[]) AS wanted (role, holder_id)
JOIN ledger_account AS account USING (role, holder_id)
"""

_LOCK = """
SELECT id, balance_cents FROM ledger_account WHERE id = ANY(%s::bigint[])
ORDER BY id FOR NO KEY UPDATE
"""

_WRITE = """
WITH move AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
        AS move (debit_id, credit_id, cents)
), stored AS (
    INSERT INTO ledger_transfer (entry_id, debit_id, credit_id, cents)
    SELECT %s, debit_id, credit_id, cents FROM move
)
UPDATE ledger_account AS account
SET balance_cents = balance_cents
    + CASE account.side WHEN 'credit' THEN change.cents ELSE -change.cents END
FROM (
    SELECT account_id, sum(delta)::bigint AS cents
    FROM move
    CROSS JOIN LATERAL (
        VALUES (move.debit_id, -move.cents), (move.credit_id, move.cents)
    ) AS leg (account_id, delta)
    GROUP BY account_id
) AS change
WHERE account.id = change.account_id AND change.cents <> 0
"""
