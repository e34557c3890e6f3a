"""Arrears: what falls due is announced, what is late is said, what stays late is a default.

Lateness itself is never stored: it follows from the oldest instalment that is not fully paid.
Only what was said about it is written down, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from django.db import connection, transaction

from core.bulk import array_or_all
from core.clock import day_of
from core.transitions import advance
from lending.domain import due_dates
from lending.domain.arrears import is_default
from lending.models import Instalment, InstalmentKind, Loan, LoanEvent, LoanEventKind
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, LoanStatus
from notifications.services import notify

_AGEING: Final = (LoanStatus.ACTIVE, LoanStatus.DEFAULTED)


class _Overdue(NamedTuple):
    """One instalment that could have been paid before today and was not."""

    loan_id: int
    instalment_id: int
    number: int
    due_on: date
    open_cents: int
    is_called: bool


def days_past_due(loan: Loan, on: date) -> int:
    """Days since the oldest instalment not fully paid could have been paid; 0 when none is late."""
    unpaid = loan.instalments.unpaid().order_by("number")
    return due_dates.days_past_due(unpaid.values_list("due_on", flat=True).first(), on)


def note_dues(
    *, on: date, at: datetime, loan_ids: Sequence[int] | None = None
) -> dict[str, object]:
    """Day end: put each instalment that falls due on the timeline of its loan, once.

    Args:
        loan_ids: look at these loans alone; None is all of them.
    """
    given = {"on": on, "kind": LoanEventKind.DUE, "running": list(_AGEING)}
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_DUES, given | {"loan_ids": array_or_all(loan_ids)})
        return {"due": cursor.rowcount}


def age_loans(
    *, on: date, at: datetime, loan_ids: Sequence[int] | None = None
) -> dict[str, object]:
    """Day end: say of each late instalment that it is late, once; move loans into default.

    Args:
        loan_ids: look at these loans alone; None is all of them.
    """
    by_loan: dict[int, list[_Overdue]] = defaultdict(list)
    for overdue in _overdue(on, loan_ids):
        by_loan[overdue.loan_id].append(overdue)
    loans = Loan.objects.in_bulk(by_loan)
    late = _note_late(loans, by_loan, on, at)
    defaulted = [
        loan.number
        for loan_id, loan in sorted(loans.items())
        if _is_in_default(loan, by_loan[loan_id], on) and _declare_default(loan_id, on=on, at=at)
    ]
    return {"late": late, "defaulted": defaulted}


def _overdue(on: date, loan_ids: Sequence[int] | None) -> list[_Overdue]:
    """The late instalments of running loans, oldest first."""
    rows = (
        Instalment.objects.unpaid()
        .filter(due_on__lt=on, loan__status__in=_AGEING)
        .order_by("loan_id", "number")
    )
    if loan_ids is not None:
        rows = rows.filter(loan_id__in=loan_ids)
    return [
        _Overdue(
            row.loan_id,
            row.pk,
            row.number,
            row.due_on,
            row.open_cents,
            row.kind == InstalmentKind.CALLED,
        )
        for row in rows
        if due_dates.days_past_due(row.due_on, on)
    ]


@transaction.atomic
def _note_late(
    loans: dict[int, Loan], by_loan: dict[int, list[_Overdue]], on: date, at: datetime
) -> int:
    """Write what was not yet written, and tell the borrowers of running loans."""
    every = {
        f"late:{row.instalment_id}": row
        for rows in by_loan.values()
        for row in rows
        if not row.is_called
    }
    known = LoanEvent.objects.filter(key__in=every).values_list("key", flat=True)
    fresh = {key: every[key] for key in every.keys() - set(known)}
    LoanEvent.objects.bulk_create(
        (
            LoanEvent(
                loan_id=row.loan_id,
                kind=LoanEventKind.LATE,
                on=on,
                instalment_number=row.number,
                amount_cents=row.open_cents,
                key=key,
            )
            for key, row in sorted(fresh.items(), key=lambda item: item[1].instalment_id)
        ),
        ignore_conflicts=True,
    )
    _tell_late(loans, fresh.values(), at)
    return len(fresh)


def _tell_late(loans: dict[int, Loan], fresh: Iterable[_Overdue], at: datetime) -> None:
    for row in fresh:
        loan = loans[row.loan_id]
        if loan.status != LoanStatus.ACTIVE:
            continue
        notify(
            person_id=loan.borrower_id,
            kind="instalment_late",
            key=f"instalment_late:{row.instalment_id}",
            facts={
                "loan_id": loan.pk,
                "number": loan.number,
                "due_on": row.due_on,
                "open_cents": row.open_cents,
            },
            at=at,
        )


def _is_in_default(loan: Loan, overdue: Sequence[_Overdue], on: date) -> bool:
    if loan.status != LoanStatus.ACTIVE or not overdue:
        return False
    late_cents = sum(row.open_cents for row in overdue)
    days = due_dates.days_past_due(overdue[0].due_on, on)
    return is_default(days, late_cents, loan.outstanding_cents)


@transaction.atomic
def _declare_default(loan_id: int, *, on: date, at: datetime) -> bool:
    """Look again under lock, for a payment may have come in; then say so to all concerned."""
    loan = Loan.objects.select_for_update(no_key=True).get(pk=loan_id)
    overdue = _overdue(on, [loan_id])
    if not _is_in_default(loan, overdue, on):
        return False
    late_cents = sum(row.open_cents for row in overdue)
    advance(
        loan,
        LoanStatus.DEFAULTED,
        table=LOAN_TRANSITIONS,
        at=at,
        reason="more than 90 days past due on a material sum",
        data={
            "days_past_due": due_dates.days_past_due(overdue[0].due_on, on),
            "overdue_cents": late_cents,
        },
    )
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.DEFAULTED,
        on=on,
        key=f"defaulted:{loan.pk}:{on.isoformat()}",
        amount_cents=late_cents,
    )
    _tell_default(loan, late_cents, at)
    return True


def _tell_default(loan: Loan, late_cents: int, at: datetime) -> None:
    holders = loan.holdings.filter(outstanding_cents__gt=0).order_by("lender_id")
    people = [(loan.borrower_id, "loan_defaulted")]
    people += [
        (lender, "holding_defaulted") for lender in holders.values_list("lender_id", flat=True)
    ]
    for person_id, kind in people:
        notify(
            person_id=person_id,
            kind=kind,
            key=f"{kind}:{loan.pk}:{person_id}:{day_of(at).isoformat()}",
            facts={"loan_id": loan.pk, "number": loan.number, "overdue_cents": late_cents},
            at=at,
        )


_NOTE_DUES: Final = """
INSERT INTO lending_loanevent (loan_id, kind, "on", instalment_number, amount_cents, note, key)
SELECT instalment.loan_id, %(kind)s, instalment.due_on, instalment.number,
       instalment.principal_cents + instalment.interest_cents, '', 'due:' || instalment.id
FROM lending_instalment AS instalment
JOIN lending_loan AS loan ON loan.id = instalment.loan_id
WHERE (%(loan_ids)s::bigint[] IS NULL OR instalment.loan_id = ANY(%(loan_ids)s::bigint[]))
  AND instalment.superseded_on IS NULL AND instalment.kind = 'regular'
  AND ((instalment.paid_on IS NULL AND instalment.due_on <= %(on)s
        AND loan.status = ANY(%(running)s))
       OR (instalment.due_on = %(on)s AND instalment.paid_on >= %(on)s))
ORDER BY instalment.due_on, instalment.id
ON CONFLICT (key) DO NOTHING
"""
