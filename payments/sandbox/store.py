"""One call's unit of work: reads objects, gathers changes, writes them in one statement.

A call costs two round trips as a rule: one to read, one to write. Nothing is locked in between;
each object has a version, and the statement that writes fails as a whole when another call was
faster or a book would fall under its floor. The call is then made again from the start.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import DataError, IntegrityError, OperationalError

from payments.sandbox import clock
from payments.sandbox.errors import ApiError, missing
from payments.sandbox.ids import new_id
from payments.sandbox.sql import alone, rows
from payments.sandbox.writing import OVERTAKEN, write

PLATFORM: Final = ""
"""The account of whoever holds the key; a connected account is named by its id."""
API_VERSION: Final = "2026-10-28.endive"

TRIES: Final = 8

_T = TypeVar("_T")
_COLUMNS = "object_id, kind, account, parent, created_at, version, data, hidden"
_SELECT = f"SELECT {_COLUMNS} FROM payments_sandbox_storedobject"  # noqa: S608 - our own names
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
    version: int
    data: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)


class Overtaken(Exception):
    """Another call changed what this one had read; make it again."""


class Work:
    """What one call, or one act that falls due, reads and changes.

    Attributes:
        now: the provider's present instant, the same throughout.
        account: the connected account on whose behalf the call is made, or PLATFORM.
        tells_all: whether events are written that our endpoint did not ask for.
    """

    def __init__(self, *, now: datetime, account: str = PLATFORM, tells_all: bool = False) -> None:
        self.now = now
        self.account = account
        self.tells_all = tells_all
        self._known: dict[str, Record] = {}
        self.forget()

    def forget(self) -> None:
        """Drop all that was gathered: the call was refused."""
        self._changed: dict[str, Record] = {}
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._books: dict[str, int] = defaultdict(int)

    # --- reading ---------------------------------------------------------------------------------

    def know(self, found: Iterable[Record]) -> None:
        """Take objects that were read already."""
        for record in found:
            self._known.setdefault(record.id, record)

    def load(self, ids: Iterable[str]) -> None:
        """Read several objects at once."""
        wanted = sorted({object_id for object_id in ids if object_id} - self._known.keys())
        if wanted:
            self.know(records(f"{_SELECT} WHERE object_id = ANY(%s)", [wanted]))

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
        record = Record(object_id, kind, owner, parent, self.now, 0, base | data, hidden or {})
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

    def keep_above(self, name: str, cents: int) -> None:
        """Write nothing at all if a book would then stand below `cents`."""
        self._rows["floors"].append({"name": name, "cents": cents})

    def acted(self, act_id: int) -> None:
        """Strike an act off the list of what is to happen."""
        self._rows["done"].append({"id": act_id})

    # --- writing ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write all that was gathered, in one statement, or raise Overtaken and write nothing."""
        if not (self._changed or self._rows or self._books):
            return
        objects = [
            {
                "object_id": record.id,
                "kind": record.kind,
                "account": record.account,
                "parent": record.parent,
                "created_at": record.created_at.isoformat(),
                "version": record.version + 1,
                "data": record.data,
                "hidden": record.hidden,
            }
            for _, record in sorted(self._changed.items())
        ]
        moved = [{"name": name, "cents": cents} for name, cents in sorted(self._books.items())]
        tables = {"objects": objects, "books": moved, **self._rows}
        try:
            with alone():
                write({name: json.dumps(rows) for name, rows in tables.items() if rows})
        except (DataError, IntegrityError, OperationalError) as error:
            if not any(sign in str(error) for sign in OVERTAKEN):
                raise
            raise Overtaken from error
        for record in self._changed.values():
            record.version += 1
        self.forget()


def repeat(act: Callable[[], _T]) -> _T:
    """Do something until nobody is faster; in the end the provider's answer that it is too busy."""
    for _ in range(TRIES):
        try:
            return act()
        except Overtaken:
            continue
    raise ApiError(
        409,
        "invalid_request_error",
        "This object cannot be accessed right now because another API request is accessing it.",
        code="lock_timeout",
    )


def perform(act: Callable[[Work], _T]) -> _T:
    """Do `act` with a unit of work of its own, write what it gathered, return its result."""

    def once() -> _T:
        work = Work(now=clock.now())
        result = act(work)
        work.flush()
        return result

    return repeat(once)


def records(sql: str, values: Sequence[Any]) -> list[Record]:
    """The objects that a query over the columns of `Record` finds."""
    return [
        Record(object_id, kind, account, parent, made, version, json.loads(data), json.loads(rest))
        for object_id, kind, account, parent, made, version, data, rest in rows(sql, values)
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
        *((True, "data ->> %s::text = %s", [name, value]) for name, value in (equal or {}).items()),
    ]
    for applies, condition, given in conditions:
        if applies:
            where.append(condition)
            values.extend(given)
    return records(
        f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT %s", [*values, limit]
    )
