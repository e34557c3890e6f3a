"""How a proof is run: a statement yields the rows that are wrong, each becomes a finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from core.findings import Finding


def breaches(check: str, sql: str, values: Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """Findings of `check`, from rows of whose, expected cents, found cents and a note."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for subject, expected, found, note in cursor.fetchall():
            yield Finding(check, subject, int(expected), int(found), note)
