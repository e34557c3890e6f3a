"""Posting many entries in one stroke, for rounds and day ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from django.db import IntegrityError, connection, transaction

from core.bulk import array_of, copy_in, next_ids
from ledger.chart import EntryKind
from ledger.errors import EmptyEntry, InsufficientFunds
from ledger.services import Move


class NewEntry(NamedTuple):
    """An entry that is not there yet, with its moves."""

    reference: str
    moves: Sequence[Move]


@transaction.atomic
def post_new_entries(
    entries: Sequence[NewEntry], *, kind: EntryKind, effective_on: date, at: datetime
) -> None:
    """Write entries whose references were never used; all of them or none.

    The caller has locked every account that they touch, in id order, and seen that they are new.
    Raises EmptyEntry or InsufficientFunds; a reference used before is an IntegrityError, since the
    caller's own rows say what is done.
    """
    for entry in entries:
        if not entry.moves or any(move.cents <= 0 for move in entry.moves):
            raise EmptyEntry(entry.reference)
    if not entries:
        return
    ids = next_ids("ledger_entry", len(entries))
    copy_in(
        "ledger_entry",
        _ENTRY,
        (
            (entry_id, entry.reference, kind.value, effective_on, at)
            for entry_id, entry in zip(ids, entries, strict=True)
        ),
    )
    copy_in(
        "ledger_transfer",
        _TRANSFER,
        (
            (entry_id, move.debit_id, move.credit_id, move.cents)
            for entry_id, entry in zip(ids, entries, strict=True)
            for move in entry.moves
        ),
    )
    _add_to_balances(entries)


def _add_to_balances(entries: Sequence[NewEntry]) -> None:
    """One update of each account by the sum of its moves, counted in the direction of credit."""
    change: Counter[int] = Counter()
    for entry in entries:
        for debit_id, credit_id, cents in entry.moves:
            change[debit_id] -= cents
            change[credit_id] += cents
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ADD, [array_of(change.keys()), array_of(change.values())])
    except IntegrityError as error:
        if "ledger_account_not_overdrawn" in str(error):
            raise InsufficientFunds(entries[0].reference) from error
        raise


_ENTRY: Final = {
    "id": "int8",
    "reference": "varchar",
    "kind": "varchar",
    "effective_on": "date",
    "posted_at": "timestamptz",
}
_TRANSFER: Final = {"entry_id": "int8", "debit_id": "int8", "credit_id": "int8", "cents": "int8"}

_ADD: Final = """
UPDATE ledger_account AS account
SET balance_cents = balance_cents
    + CASE account.side WHEN 'credit' THEN change.cents ELSE -change.cents END
FROM unnest(%s::bigint[], %s::bigint[]) AS change (account_id, cents)
WHERE account.id = change.account_id AND change.cents <> 0
"""
