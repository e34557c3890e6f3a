"""Recounts the ledger from its moves, by plain SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from core.findings import Finding
from ledger import chain_check
from ledger.as_of import balances_as_of

_RECOUNT = """
SELECT account.role || ':' || account.holder_id, account.balance_cents,
       CASE account.side WHEN 'credit' THEN 1 ELSE -1 END
           * (coalesce(credited.cents, 0) - coalesce(debited.cents, 0))
FROM ledger_account AS account
LEFT JOIN (SELECT credit_id AS id, sum(cents)::bigint AS cents FROM ledger_transfer GROUP BY 1)
    AS credited ON credited.id = account.id
LEFT JOIN (SELECT debit_id AS id, sum(cents)::bigint AS cents FROM ledger_transfer GROUP BY 1)
    AS debited ON debited.id = account.id
ORDER BY account.id
"""

_SIDES = """
SELECT coalesce(sum(balance_cents) FILTER (WHERE side = 'debit'), 0)::bigint,
       coalesce(sum(balance_cents) FILTER (WHERE side = 'credit'), 0)::bigint
FROM ledger_account
"""

_EMPTY = """
SELECT reference FROM ledger_entry AS entry
WHERE NOT EXISTS (SELECT FROM ledger_transfer WHERE entry_id = entry.id)
ORDER BY entry.id
"""

_MUST_BE_ZERO = """
SELECT role, balance_cents FROM ledger_account
WHERE role IN ('interest_passed', 'default_interest', 'recoveries_passed', 'pool_passed',
               'clearing_in', 'clearing_out')
  AND balance_cents <> 0
ORDER BY role
"""

_UNDER_FLOOR = """
SELECT role || ':' || holder_id, balance_cents FROM ledger_account
WHERE balance_cents < 0 AND NOT may_overdraw ORDER BY id
"""


_HALFWAY = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY effective_on) FROM ledger_entry"

_SINCE = """
WITH later AS MATERIALIZED (
    SELECT move.*
    FROM ledger_entry AS entry JOIN ledger_transfer AS move ON move.entry_id = entry.id
    WHERE entry.effective_on > %s
)
SELECT account.id, account.role || ':' || account.holder_id, account.balance_cents,
    CASE account.side WHEN 'credit' THEN 1 ELSE -1 END
        * (coalesce(credited.cents, 0) - coalesce(debited.cents, 0))
FROM ledger_account AS account
LEFT JOIN (SELECT credit_id AS id, sum(cents)::bigint AS cents FROM later GROUP BY 1)
    AS credited ON credited.id = account.id
LEFT JOIN (SELECT debit_id AS id, sum(cents)::bigint AS cents FROM later GROUP BY 1)
    AS debited ON debited.id = account.id
ORDER BY account.id
"""


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def balances_recount() -> Iterator[Finding]:
    """Each stored balance equals the sum of its moves."""
    for name, stored, counted in _rows(_RECOUNT):
        if stored != counted:
            yield Finding("balances_recount", name, int(counted), stored)


def sides_balance() -> Iterator[Finding]:
    """Assets and costs together equal debts and incomes together."""
    ((debit, credit),) = _rows(_SIDES)
    if debit != credit:
        yield Finding("sides_balance", "ledger", int(credit), int(debit))


def entries_have_moves() -> Iterator[Finding]:
    """No entry is empty."""
    for reference, *_ in _rows(_EMPTY):
        yield Finding("entries_have_moves", reference, 1, 0)


def passing_accounts_are_empty() -> Iterator[Finding]:
    """Interest passed through and clearing accounts stand at zero between acts."""
    for role, cents, *_ in _rows(_MUST_BE_ZERO):
        yield Finding("passing_accounts_are_empty", f"{role}:0", 0, cents)


def floors_hold() -> Iterator[Finding]:
    """No account stands below its floor."""
    for name, cents, *_ in _rows(_UNDER_FLOOR):
        yield Finding("floors_hold", name, 0, cents)


def as_of_balances_rebuild() -> Iterator[Finding]:
    """What stood on a day halfway through the books, and what moved since, is what stands today."""
    ((halfway,),) = _rows(_HALFWAY)
    if halfway is None:
        return
    then = balances_as_of(on=halfway)
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [halfway])
        for account_id, name, stored, since in cursor.fetchall():
            if then[account_id] + since != stored:
                yield Finding("as_of_balances_rebuild", name, then[account_id] + since, stored)


def chain_is_whole() -> Iterator[Finding]:
    """Every row that was sealed is as it was, and so is every seal that is known outside."""
    yield from chain_check.differences()
