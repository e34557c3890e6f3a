"""The one way in which a status moves: guarded by a table, by the row as read, and written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db import models, transaction

from core import audit
from core.errors import IllegalTransition, StaleState


class HasStatus(Protocol):
    """A model with a primary key and a status."""

    pk: Any
    status: str


def advance(
    row: HasStatus,
    to: str,
    *,
    table: Mapping[Any, frozenset[Any]],
    at: datetime,
    actor_id: int | None = None,
    reason: str = "",
    data: Mapping[str, object] | None = None,
    **fields: object,
) -> None:
    """Move `row` to status `to`, set `fields` along with it, and write the audit row.

    The row is updated only where its status is still what we read.
    Raises IllegalTransition (the table has no such edge) or StaleState (someone was faster).
    """
    advance_all(
        [row],
        to,
        table=table,
        at=at,
        actor_id=actor_id,
        reason=reason,
        data=None if data is None else [data],
        **fields,
    )


@transaction.atomic
def advance_all(
    rows: Sequence[HasStatus],
    to: str,
    *,
    table: Mapping[Any, frozenset[Any]],
    at: datetime,
    actor_id: int | None = None,
    reason: str = "",
    data: Sequence[Mapping[str, object]] | None = None,
    **fields: object,
) -> None:
    """Move rows of one model that stand in one status, all of them or none, in two statements.

    Args:
        data: what the audit row of each row adds, in the order of `rows`.
    Raises IllegalTransition (the table has no such edge) or StaleState (someone was faster).
    """
    if not rows:
        return
    before = rows[0].status
    for row in rows:
        if row.status != before or to not in table.get(before, frozenset()):
            raise IllegalTransition(f"{audit.subject_of(row)}: {row.status} -> {to}")
    model: type[models.Model] = type(rows[0])  # type: ignore[assignment]
    found = model._default_manager.filter(pk__in=[row.pk for row in rows], status=before)
    if found.update(status=to, **fields) != len(rows):
        raise StaleState(f"{audit.subject_of(rows[0])} is no longer {before}")
    for row in rows:
        row.status = to
        for name, value in fields.items():
            setattr(row, name, value)
    audit.record_all(
        rows,
        "status",
        at=at,
        actor_id=actor_id,
        before=before,
        after=to,
        reason=reason,
        data=data,
    )
