"""What a seal is made of: the digest of the one before it and of the very bytes of its rows.

The rows come by binary COPY, whose form no setting of a session changes and in which every value
has its length in front, so that no two different sets of rows have the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Chain(TextChoices):
    """A table whose rows are sealed."""

    LEDGER = "ledger", _("ledger")
    ACCOUNTS = "accounts", _("accounts")
    AUDIT = "audit", _("audit trail")


BEGINNING: Final = hashlib.sha256(b"pari").hexdigest()
"""What stands where the first seal of a chain has no predecessor."""
BEFORE_ALL: Final = -(2**63)
ROWS_IN_A_SEAL: Final = 5_000
"""At most: a finding names one seal, and a smaller one is searched sooner."""


def digest_of(chain: Chain, previous: str, *, after: int, last: int) -> str:
    """The digest of a chain's rows with ids above `after` and up to `last`, tied to `previous`."""
    digest = hashlib.sha256(bytes.fromhex(previous))
    statement = f"COPY ({_ROWS[chain]}) TO STDOUT (FORMAT BINARY)"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(statement, {"after": after, "last": last}) as copy,
    ):
        for part in copy:
            digest.update(part)
    return digest.hexdigest()


class Span(NamedTuple):
    """Rows that one seal covers: the least and the highest id, and how many there are."""

    first: int
    last: int
    rows: int


def spans(chain: Chain, *, after: int, through: int) -> Iterator[Span]:
    """The rows of a chain with ids above `after` and up to `through`, cut into seals."""
    with connection.cursor() as cursor:
        cursor.execute(_SPANS.format(table=TABLES[chain]), [ROWS_IN_A_SEAL, after, through])
        yield from (Span(*row) for row in cursor.fetchall())


def rows_between(chain: Chain, *, after: int, last: int) -> int:
    """How many rows there are now with ids above `after` and up to `last`."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(table=TABLES[chain]), [after, last])
        count: int = cursor.fetchone()[0]
        return count


TABLES: Final = {
    Chain.LEDGER: "ledger_entry",
    Chain.ACCOUNTS: "ledger_account",
    Chain.AUDIT: "core_auditrow",
}

# An entry with its moves in one value, four numbers of eight bytes each: a row for each move would
# take five times as long to arrive.
_LEDGER_ROWS: Final = """
SELECT entry.id, entry.reference, entry.kind, entry.effective_on, entry.posted_at, move.bytes
FROM ledger_entry AS entry
CROSS JOIN LATERAL (
    SELECT string_agg(
        int8send(id) || int8send(debit_id) || int8send(credit_id) || int8send(cents), '' ORDER BY id
    ) AS bytes
    FROM ledger_transfer WHERE entry_id = entry.id
) AS move
WHERE entry.id > %(after)s AND entry.id <= %(last)s
ORDER BY entry.id
"""

# Whose an account is and which way it runs; only its balance may ever change.
_ACCOUNT_ROWS: Final = """
SELECT id, role, holder_id, currency, side, may_overdraw
FROM ledger_account WHERE id > %(after)s AND id <= %(last)s ORDER BY id
"""

_AUDIT_ROWS: Final = """
SELECT id, subject, action, at, actor_id, before, after, reason, data
FROM core_auditrow WHERE id > %(after)s AND id <= %(last)s ORDER BY id
"""

_ROWS: Final = {
    Chain.LEDGER: _LEDGER_ROWS,
    Chain.ACCOUNTS: _ACCOUNT_ROWS,
    Chain.AUDIT: _AUDIT_ROWS,
}

_SPANS: Final = """
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS part
    FROM {table} WHERE id > %s AND id <= %s
) AS row
GROUP BY part ORDER BY part
"""

_COUNT: Final = "SELECT count(*) FROM {table} WHERE id > %s AND id <= %s"
