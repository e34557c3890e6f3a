"""Posting many entries in one stroke, for rounds and day ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

import numpy as np
from django.db import IntegrityError, connection, transaction

from core.bulk import Ints, array_of, check_references, copy_in, copy_numbers, next_ids
from ledger.chart import EntryKind
from ledger.errors import EmptyEntry, InsufficientFunds
from ledger.services import Move


class NewEntry(NamedTuple):
    """An entry that is not there yet, with its moves."""

    reference: str
    moves: Sequence[Move]


def post_new_entries(
    entries: Sequence[NewEntry], *, kind: EntryKind, effective_on: date, at: datetime
) -> list[int]:
    """Write entries whose references were never used; all of them or none. Returns their ids.

    The rules are those of `post_columns`.
    """
    moves = np.array([move for entry in entries for move in entry.moves], np.int64).reshape(-1, 3)
    return post_columns(
        references=[entry.reference for entry in entries],
        kind=kind,
        effective_on=effective_on,
        at=at,
        entry_of=np.repeat(np.arange(len(entries)), [len(entry.moves) for entry in entries]),
        debit_ids=moves[:, 0],
        credit_ids=moves[:, 1],
        cents=moves[:, 2],
    )


@transaction.atomic
def post_columns(
    *,
    references: Sequence[str],
    kind: EntryKind,
    effective_on: date,
    at: datetime,
    entry_of: Ints,
    debit_ids: Ints,
    credit_ids: Ints,
    cents: Ints,
) -> list[int]:
    """Write entries with their moves given as columns; all of them or none.

    The caller has locked every account that they touch, in id order, and seen that the references
    are new.

    Args:
        references: one for each entry, never used before.
        entry_of: for each move the place of its entry in `references`.
        debit_ids, credit_ids, cents: for each move the accounts and the amount, above zero.
    Returns:
        The ids of the entries, ascending, in the order of `references`.
    Raises:
        EmptyEntry: an entry without a move, or with one of nothing.
        InsufficientFunds: an account would fall under its floor.
        django.db.IntegrityError: a reference was used before; the caller's own rows say what is
            done.
        IndexError: a move of no entry.
    """
    _refuse_empty(references, entry_of, cents)
    if not references:
        return []
    ids = next_ids("ledger_entry", len(references))
    named = zip(ids, references, strict=True)
    copy_in("ledger_entry", _ENTRY, ((*pair, kind.value, effective_on, at) for pair in named))
    entry_ids = np.array(ids, np.int64)[entry_of]
    columns = {"debit_id": debit_ids, "credit_id": credit_ids, "cents": cents}
    copy_numbers("ledger_transfer", {"entry_id": entry_ids, **columns})
    check_references()
    _add_to_balances(*_changes(debit_ids, credit_ids, cents), name=references[0])
    return ids


def _refuse_empty(references: Sequence[str], entry_of: Ints, cents: Ints) -> None:
    if ((entry_of < 0) | (entry_of >= len(references))).any():
        raise IndexError("a move belongs to no entry")
    counts = np.bincount(entry_of, minlength=len(references))
    empty = np.concatenate([np.flatnonzero(counts == 0), entry_of[cents <= 0]])
    if len(empty):
        raise EmptyEntry(references[int(empty.min())])


def _changes(debit_ids: Ints, credit_ids: Ints, cents: Ints) -> tuple[Ints, Ints]:
    """Each account once, ascending, with the sum of its moves, counted in the direction of credit.

    Whole numbers throughout: numpy would weigh its counts as floats.
    """
    accounts = np.concatenate([debit_ids, credit_ids])
    order = np.argsort(accounts, kind="stable")
    accounts = accounts[order]
    first = np.flatnonzero(np.diff(accounts, prepend=-1))
    return accounts[first], np.add.reduceat(np.concatenate([-cents, cents])[order], first)


def _add_to_balances(account_ids: Ints, cents: Ints, *, name: str) -> None:
    """One update of each account, in id order."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ADD, [array_of(account_ids.tolist()), array_of(cents.tolist())])
    except IntegrityError as error:
        if "ledger_account_not_overdrawn" in str(error):
            raise InsufficientFunds(name) from error
        raise


_ENTRY: Final = {
    "id": "int8",
    "reference": "varchar",
    "kind": "varchar",
    "effective_on": "date",
    "posted_at": "timestamptz",
}

_ADD: Final = """
UPDATE ledger_account AS account
SET balance_cents = balance_cents
    + CASE account.side WHEN 'credit' THEN change.cents ELSE -change.cents END
FROM unnest(%s::bigint[], %s::bigint[]) AS change (account_id, cents)
WHERE account.id = change.account_id AND change.cents <> 0
"""
