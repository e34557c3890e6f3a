"""What a proof of money reports: one finding for each thing that is not as it must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Finding:
    """One broken invariant.

    Attributes:
        check: the invariant's stable name.
        subject: the account, loan, person or object that breaks it.
        expected_cents, found_cents: the figures that differ (0 and a count where it is no amount).
    """

    check: str
    subject: str
    expected_cents: int
    found_cents: int
    note: str = ""

    def __str__(self) -> str:
        figures = f"expected {self.expected_cents}, found {self.found_cents}"
        return f"{self.check}: {self.subject}: {figures}{f' ({self.note})' if self.note else ''}"


class Check(Protocol):
    """A proof; its dotted name stands in `settings.MONEY_CHECKS`."""

    def __call__(self) -> Iterator[Finding]:
        """Yield a finding for each breach; read by plain SQL, not by the services' own logic."""
