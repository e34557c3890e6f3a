"""One call's unit of work: reads objects under lock, gathers changes, writes them in one statement.

The sandbox answers a thousand calls a second in one process, so a call costs as few round trips
as it can: everything that it creates or changes goes to the database together, at the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connections

from payments.sandbox import clock
from payments.sandbox.errors import missing
from payments.sandbox.ids import new_id

ALIAS: Final = "sandbox"
PLATFORM: Final = ""
"""The account of whoever holds the key; a connected account is named by its id."""
API_VERSION: Final = "2026-10-28.endive"

_COLUMNS = "object_id, kind, account, parent, created_at, data, hidden"
_WITHOUT_TIME = frozenset({"bank_account", "mandate"})
_WITHOUT_MODE = frozenset({"balance_transaction", "bank_account", "refund", "transfer_reversal"})
_WORDS = {"v2.core.account": "account", "payment": "charge"}


@dataclass
class Record:
    """An object as stored: what the API shows in `data`, what it keeps to itself in `hidden`."""

    id: str
    kind: str
    account: str
    parent: str
    created_at: datetime
    data: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)


class Work:
    """What one call, or one act that falls due, reads and changes.

    Attributes:
        now: the provider's present instant, the same throughout.
        account: the connected account on whose behalf the call is made, or PLATFORM.
    """

    def __init__(self, *, now: datetime, account: str = PLATFORM, locks: bool = True) -> None:
        self.now = now
        self.account = account
        self._locks = locks
        self._known: dict[str, Record] = {}
        self._changed: dict[str, Record] = {}
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._books: dict[str, int] = defaultdict(int)

    # --- reading ---------------------------------------------------------------------------------

    def load(self, ids: Iterable[str]) -> None:
        """Read several objects at once, locked in id order until the transaction ends."""
        wanted = sorted({object_id for object_id in ids if object_id} - self._known.keys())
        if wanted:
            lock = " ORDER BY id FOR NO KEY UPDATE" if self._locks else ""
            sql = f"SELECT {_COLUMNS} FROM payments_sandbox_storedobject WHERE object_id = ANY(%s)"
            for record in records(sql + lock, [wanted]):
                self._known.setdefault(record.id, record)

    def peek(self, object_id: str) -> Record | None:
        """The object, if there is one, whatever its kind and account."""
        self.load([object_id])
        return self._known.get(object_id)

    def find(
        self,
        object_id: str,
        *kinds: str,
        account: str | None = None,
        param: str = "id",
        status: int = 404,
    ) -> Record:
        """The object of one of `kinds` that `account` (this call's, unless given) may see."""
        record = self.peek(object_id)
        owner = self.account if account is None else account
        if record is None or record.kind not in kinds or record.account != owner:
            noun = _WORDS.get(kinds[0], kinds[0]).rsplit(".", 1)[-1]
            raise missing(noun, object_id, param=param, status=status)
        return record

    # --- changing --------------------------------------------------------------------------------

    def add(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        parent: str = "",
        hidden: dict[str, Any] | None = None,
        account: str | None = None,
        prefix: str = "",
    ) -> Record:
        """A new object; id, kind, time and livemode are filled in here."""
        object_id = new_id(prefix or kind)
        base: dict[str, Any] = {"id": object_id, "object": kind}
        if kind not in _WITHOUT_TIME:
            base["created"] = clock.seconds(self.now)
        if kind not in _WITHOUT_MODE:
            base["livemode"] = False
        owner = self.account if account is None else account
        record = Record(object_id, kind, owner, parent, self.now, base | data, hidden or {})
        self._known[object_id] = record
        self._changed[object_id] = record
        return record

    def change(self, record: Record, **fields: Any) -> None:
        """Set fields of an object."""
        record.data.update(fields)
        self._changed[record.id] = record

    def hide(self, record: Record, **fields: Any) -> None:
        """Set what the provider keeps to itself about an object."""
        record.hidden.update(fields)
        self._changed[record.id] = record

    def put_under(self, record: Record, parent: str) -> None:
        """List an object under another one."""
        record.parent = parent
        self._changed[record.id] = record

    def schedule(self, name: str, record: Record, due_at: datetime) -> None:
        """Let the act `name` happen to an object at an instant."""
        self._rows["acts"].append(
            {
                "due_at": due_at.isoformat(),
                "name": name,
                "object_id": record.id,
                "account": record.account,
            }
        )

    def append(self, table: str, row: dict[str, Any]) -> None:
        """Add a row to "events", "postings" or "answers"."""
        self._rows[table].append(row)

    def add_to_book(self, name: str, cents: int) -> None:
        """Change the balance of one of the provider's own accounts."""
        self._books[name] += cents

    def forget(self) -> None:
        """Drop all that was gathered: the call was refused."""
        self._changed, self._rows = {}, defaultdict(list)
        self._books = defaultdict(int)

    # --- writing ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write all that was gathered, in one statement."""
        if not (self._changed or self._rows or self._books):
            return
        objects = [
            {
                "object_id": record.id,
                "kind": record.kind,
                "account": record.account,
                "parent": record.parent,
                "created_at": record.created_at.isoformat(),
                "data": record.data,
                "hidden": record.hidden,
            }
            for record in self._changed.values()
        ]
        moved = [{"name": name, "cents": cents} for name, cents in sorted(self._books.items())]
        given = [objects, moved, *(self._rows[name] for name in _TABLES)]
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(_WRITE, [json.dumps(rows) for rows in given])
        self.forget()


def records(sql: str, values: Sequence[Any]) -> list[Record]:
    """The objects that a query over the columns of `Record` finds."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(sql, values)
        return [
            Record(*row[:5], data=json.loads(row[5]), hidden=json.loads(row[6]))
            for row in cursor.fetchall()
        ]


def listed(
    kind: str,
    *,
    account: str,
    parent: str = "",
    equal: dict[str, str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: str = "",
    limit: int = 10,
) -> list[Record]:
    """Objects of one kind, newest first; `equal` compares fields of what the API shows."""
    where, values = ["kind = %s", "account = %s"], [kind, account]
    conditions: list[tuple[bool, str, list[Any]]] = [
        (bool(parent), "parent = %s", [parent]),
        (since is not None, "created_at >= %s", [since]),
        (until is not None, "created_at <= %s", [until]),
        (
            bool(after),
            "id < (SELECT id FROM payments_sandbox_storedobject WHERE object_id = %s)",
            [after],
        ),
        *((True, "data ->> %s = %s", [name, value]) for name, value in (equal or {}).items()),
    ]
    for applies, condition, given in conditions:
        if applies:
            where.append(condition)
            values.extend(given)
    sql = (
        f"SELECT {_COLUMNS} FROM payments_sandbox_storedobject"
        f" WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT %s"
    )
    return records(sql, [*values, limit])


_TABLES = ("postings", "acts", "events", "answers")
_WRITE = """
WITH objects AS (
    INSERT INTO payments_sandbox_storedobject
        (object_id, kind, account, parent, created_at, data, hidden)
    SELECT object_id, kind, account, parent, created_at, data, hidden
    FROM jsonb_to_recordset(%s::jsonb) AS given
        (object_id text, kind text, account text, parent text, created_at timestamptz,
         data jsonb, hidden jsonb)
    ON CONFLICT (object_id) DO UPDATE
    SET parent = EXCLUDED.parent, data = EXCLUDED.data, hidden = EXCLUDED.hidden
), books AS (
    INSERT INTO payments_sandbox_book AS book (name, cents)
    SELECT name, cents FROM jsonb_to_recordset(%s::jsonb) AS given (name text, cents bigint)
    ORDER BY name
    ON CONFLICT (name) DO UPDATE SET cents = book.cents + EXCLUDED.cents
), postings AS (
    INSERT INTO payments_sandbox_posting (transaction, book, cents, posted_at)
    SELECT transaction, book, cents, posted_at FROM jsonb_to_recordset(%s::jsonb) AS given
        (transaction text, book text, cents bigint, posted_at timestamptz)
), acts AS (
    INSERT INTO payments_sandbox_act (due_at, name, object_id, account)
    SELECT due_at, name, object_id, account FROM jsonb_to_recordset(%s::jsonb) AS given
        (due_at timestamptz, name text, object_id text, account text)
), events AS (
    INSERT INTO payments_sandbox_storedevent
        (event_id, kind, account, created_at, payload, is_wanted, attempts)
    SELECT event_id, kind, account, created_at, payload, is_wanted, 0
    FROM jsonb_to_recordset(%s::jsonb) AS given
        (event_id text, kind text, account text, created_at timestamptz, payload text,
         is_wanted boolean)
)
INSERT INTO payments_sandbox_keptanswer (key, fingerprint, status, body, kept_at)
SELECT key, fingerprint, status, body, kept_at FROM jsonb_to_recordset(%s::jsonb) AS given
    (key text, fingerprint text, status smallint, body text, kept_at timestamptz)
"""
