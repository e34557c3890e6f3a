"""The timeline of a loan, which its borrower and its lenders read alike."""

from __future__ import annotations

from datetime import date

from lending.models import LoanEvent, LoanEventKind


def note_event(
    *,
    loan_id: int,
    kind: LoanEventKind,
    on: date,
    key: str,
    instalment_number: int | None = None,
    amount_cents: int | None = None,
    note: str = "",
) -> None:
    """Add one line to a loan's timeline, once for each `key`."""
    event = LoanEvent(
        loan_id=loan_id,
        kind=kind,
        on=on,
        key=key,
        instalment_number=instalment_number,
        amount_cents=amount_cents,
        note=note,
    )
    LoanEvent.objects.bulk_create([event], ignore_conflicts=True)
