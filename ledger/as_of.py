"""Balances as they stood: at the end of a day, or once an entry was posted. Rebuilt from moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection

from core.bulk import array_of


def balances_as_of(
    account_ids: Iterable[int] | None = None,
    *,
    on: date | None = None,
    through_entry: int | None = None,
) -> dict[int, int]:
    """What each account held, in the direction of its own side, in whole cents.

    Args:
        account_ids: those that are asked for; every account when left out.
        on: counts what took effect on that day or before.
        through_entry: counts entries up to that id. What took effect earlier but was posted later
            is left out, so a figure that was once reported can be had again.
    """
    wanted = None if account_ids is None else array_of(account_ids)
    legs = _ALL_LEGS if wanted is None else _LEGS_OF
    given = {"accounts": wanted, "on": on, "through": through_entry}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES.format(legs=legs), given)
        return dict(cursor.fetchall())


class Line(NamedTuple):
    """A move on an account's statement, signed in the direction of the account's own side."""

    entry_id: int
    reference: str
    kind: str
    effective_on: date
    other_role: str
    other_holder_id: int
    cents: int
    balance_cents: int


def statement(account_id: int, *, on: date, most: int) -> tuple[int, list[Line]]:
    """The balance at the end of `on`, and the last moves until then, newest first.

    Each line carries the balance that it led to; there are at most `most`.
    """
    closing = balances_as_of([account_id], on=on)[account_id]
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"account": account_id, "on": on, "most": most})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    lines, balance = [], closing
    for row in rows:
        lines.append(Line._make((*row, balance)))
        balance -= row[-1]
    return closing, lines


_ALL_LEGS: Final = """
SELECT debit_id AS account_id, entry_id, -cents AS cents FROM ledger_transfer
UNION ALL
SELECT credit_id, entry_id, cents FROM ledger_transfer
"""

_LEGS_OF: Final = """
SELECT debit_id AS account_id, entry_id, -cents AS cents
FROM ledger_transfer WHERE debit_id = ANY(%(accounts)s::bigint[])
UNION ALL
SELECT credit_id, entry_id, cents
FROM ledger_transfer WHERE credit_id = ANY(%(accounts)s::bigint[])
"""

_BALANCES: Final = """
WITH leg AS ({legs}), total AS (
    SELECT leg.account_id, sum(leg.cents)::bigint AS cents
    FROM leg JOIN ledger_entry AS entry ON entry.id = leg.entry_id
    WHERE (%(on)s::date IS NULL OR entry.effective_on <= %(on)s::date)
        AND (%(through)s::bigint IS NULL OR entry.id <= %(through)s::bigint)
    GROUP BY leg.account_id
)
SELECT account.id,
    CASE account.side WHEN 'credit' THEN 1 ELSE -1 END * coalesce(total.cents, 0)
FROM ledger_account AS account LEFT JOIN total ON total.account_id = account.id
WHERE %(accounts)s::bigint[] IS NULL OR account.id = ANY(%(accounts)s::bigint[])
"""

_LINES: Final = """
SELECT entry.id, entry.reference, entry.kind, entry.effective_on, other.role, other.holder_id,
    CASE account.side WHEN 'credit' THEN leg.cents ELSE -leg.cents END
FROM (
    SELECT id, debit_id AS account_id, credit_id AS other_id, entry_id, -cents AS cents
    FROM ledger_transfer WHERE debit_id = %(account)s
    UNION ALL
    SELECT id, credit_id, debit_id, entry_id, cents
    FROM ledger_transfer WHERE credit_id = %(account)s
) AS leg
JOIN ledger_entry AS entry ON entry.id = leg.entry_id
JOIN ledger_account AS account ON account.id = leg.account_id
JOIN ledger_account AS other ON other.id = leg.other_id
WHERE entry.effective_on <= %(on)s
ORDER BY entry.effective_on DESC, entry.id DESC, leg.id DESC
LIMIT %(most)s
"""
