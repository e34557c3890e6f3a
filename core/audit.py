"""Who did what, when, and why: one append-only row for each change that matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.models import AuditRow


def subject_of(row: Any) -> str:
    """The stable name of a model row in the trail, e.g. `lending.loan:17`."""
    return f"{row._meta.label_lower}:{row.pk}"


def record(
    row: Any,
    action: str,
    *,
    at: datetime,
    actor_id: int | None = None,
    before: str = "",
    after: str = "",
    reason: str = "",
    data: Mapping[str, object] | None = None,
) -> AuditRow:
    """Append one line about `row`; `actor_id` is None when the system itself acted."""
    return record_all(
        [row],
        action,
        at=at,
        actor_id=actor_id,
        before=before,
        after=after,
        reason=reason,
        data=None if data is None else [data],
    )[0]


def record_all(
    rows: Sequence[Any],
    action: str,
    *,
    at: datetime,
    actor_id: int | None = None,
    before: str = "",
    after: str = "",
    reason: str = "",
    data: Sequence[Mapping[str, object]] | None = None,
) -> list[AuditRow]:
    """Append the same line about each of the rows; `data`, where given, has one part for each."""
    parts: Sequence[Mapping[str, object]] = [{}] * len(rows) if data is None else data
    return AuditRow.objects.bulk_create(
        AuditRow(
            subject=subject_of(row),
            action=action,
            at=at,
            actor_id=actor_id,
            before=before,
            after=after,
            reason=reason,
            data=dict(part),
        )
        for row, part in zip(rows, parts, strict=True)
    )


def trail(row: Any) -> list[AuditRow]:
    """Everything written about `row`, oldest first. Callers check who may read it."""
    return list(AuditRow.objects.filter(subject=subject_of(row)).order_by("id"))
