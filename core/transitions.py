"""The one way in which a status moves: guarded by a table, by the row as read, and written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db import models, transaction

from core import audit
from core.errors import IllegalTransition, StaleState


class HasStatus(Protocol):
    """A model with a primary key and a status."""

    pk: Any
    status: str


@transaction.atomic
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
    before = row.status
    if to not in table.get(before, frozenset()):
        raise IllegalTransition(f"{audit.subject_of(row)}: {before} -> {to}")
    model: type[models.Model] = type(row)  # type: ignore[assignment]
    changed = model._default_manager.filter(pk=row.pk, status=before).update(status=to, **fields)
    if not changed:
        raise StaleState(f"{audit.subject_of(row)} is no longer {before}")
    row.status = to
    for name, value in fields.items():
        setattr(row, name, value)
    audit.record(
        row, "status", at=at, actor_id=actor_id, before=before, after=to, reason=reason, data=data
    )
