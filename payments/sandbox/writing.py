"""The one statement that writes: only the parts that a call needs, all of them or none.

Rows come as JSON. The statement divides by zero, and so undoes itself, when an object has another
version than the one read, when a key was used meanwhile, when an act was done by someone else, or
when a book would fall under its floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from payments.sandbox.sql import rows

OVERTAKEN: Final = ("division by zero", "deadlock", "duplicate key")

_COLUMNS: Final = {
    "objects": "object_id text, kind text, account text, parent text, created_at timestamptz,"
    " version bigint, data jsonb, hidden jsonb",
    "books": "name text, cents bigint",
    "postings": "transaction text, book text, cents bigint, posted_at timestamptz",
    "acts": "due_at timestamptz, name text, object_id text, account text",
    "events": "event_id text, kind text, account text, created_at timestamptz, payload text,"
    " delivered_at timestamptz",
    "answers": "key text, fingerprint text, status smallint, body text, kept_at timestamptz,"
    " stale_before timestamptz",
    "floors": "name text, cents bigint",
    "done": "id bigint",
}
_PARTS: Final = {
    "objects": """
    INSERT INTO payments_sandbox_storedobject AS stored
        (object_id, kind, account, parent, created_at, version, data, hidden)
    SELECT object_id, kind, account, parent, created_at, version, data, hidden
    FROM given_objects ORDER BY object_id
    ON CONFLICT (object_id) DO UPDATE
    SET parent = EXCLUDED.parent, data = EXCLUDED.data, hidden = EXCLUDED.hidden,
        version = EXCLUDED.version
    WHERE stored.version = EXCLUDED.version - 1
    RETURNING 1""",
    "books": """
    INSERT INTO payments_sandbox_book AS book (name, cents)
    SELECT name, cents FROM given_books ORDER BY name
    ON CONFLICT (name) DO UPDATE SET cents = book.cents + EXCLUDED.cents
    RETURNING name, cents""",
    "postings": """
    INSERT INTO payments_sandbox_posting (transaction, book, cents, posted_at)
    SELECT transaction, book, cents, posted_at FROM given_postings""",
    "acts": """
    INSERT INTO payments_sandbox_act (due_at, name, object_id, account)
    SELECT due_at, name, object_id, account FROM given_acts""",
    "events": """
    INSERT INTO payments_sandbox_storedevent
        (event_id, kind, account, created_at, payload, attempts, delivered_at)
    SELECT event_id, kind, account, created_at, payload, 0, delivered_at FROM given_events""",
    "answers": """
    INSERT INTO payments_sandbox_keptanswer AS kept (key, fingerprint, status, body, kept_at)
    SELECT key, fingerprint, status, body, kept_at FROM given_answers
    ON CONFLICT (key) DO UPDATE
    SET fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, body = EXCLUDED.body,
        kept_at = EXCLUDED.kept_at
    WHERE kept.kept_at < (SELECT stale_before FROM given_answers)
    RETURNING 1""",
    "done": """
    DELETE FROM payments_sandbox_act WHERE id IN (SELECT id FROM given_done) RETURNING 1""",
}
_COUNTED: Final = ("objects", "answers", "done")
_GIVEN: Final = "given_{name} AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row ({columns}))"
_COUNT: Final = "(SELECT count(*) FROM {name}) = (SELECT count(*) FROM given_{name})"
_FLOORS: Final = (
    "NOT EXISTS (SELECT FROM given_floors JOIN books USING (name)"
    " WHERE books.cents < given_floors.cents)"
)


def write(tables: Mapping[str, str]) -> None:
    """Write the rows of each table; `floors` and `done` are a guard and a deletion."""
    names = tuple(sorted(tables))
    rows(_statement(names), [tables[name] for name in names])


@cache
def _statement(names: tuple[str, ...]) -> str:
    given = [_GIVEN.format(name=name, columns=_COLUMNS[name]) for name in names]
    parts = [f"{name} AS ({_PARTS[name]})" for name in names if name in _PARTS]
    guards = [_COUNT.format(name=name) for name in names if name in _COUNTED]
    if "floors" in names and "books" in names:
        guards.append(_FLOORS)
    sound = " AND ".join(guards or ["true"])
    return f"WITH {', '.join(given + parts)} SELECT 1 / CASE WHEN {sound} THEN 1 ELSE 0 END"
