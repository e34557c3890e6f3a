"""New versions of a loan's plan: what is replaced stays readable, what was paid stays paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Max

from core.errors import StaleState
from lending.models import Instalment, InstalmentKind, Loan, Plan, PlanReason


class PlannedInstalment(NamedTuple):
    """One payment of a new plan; `deferred_cents` is interest that a break has put off."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    deferred_cents: int = 0
    kind: InstalmentKind = InstalmentKind.REGULAR


def make_plan(
    *,
    loan: Loan,
    reason: PlanReason,
    instalments: Sequence[PlannedInstalment],
    on: date,
    at: datetime,
    after_number: int = 0,
) -> Plan:
    """Replace everything that a locked loan has not yet paid by `instalments`.

    Fully paid instalments stay as they are. One that is paid in part is closed at what was paid;
    the caller has planned the rest of it anew. Instalments up to `after_number` stay too, paid or
    not: a debit of them may be under way.
    Raises StaleState when the principal of the new plan is not what is outstanding.
    """
    kept = loan.instalments.unpaid().filter(number__lte=after_number)
    planned = sum(part.principal_cents for part in instalments)
    planned += sum(row.principal_cents - row.paid_principal_cents for row in kept)
    if planned != loan.outstanding_cents:
        raise StaleState(f"{loan}: {planned} cents planned, {loan.outstanding_cents} outstanding")
    end_rows(loan.instalments.unpaid().filter(number__gt=after_number).order_by("number"), on)
    latest = loan.plans.aggregate(version=Max("version"))["version"] or 0
    plan = Plan.objects.create(
        loan=loan,
        version=latest + 1,
        reason=reason,
        annual_rate=loan.annual_rate,
        made_on=on,
        made_at=at,
    )
    Instalment.objects.bulk_create(
        Instalment(loan=loan, plan=plan, **part._asdict()) for part in instalments
    )
    return plan


def end_rows(unpaid: Iterable[Instalment], on: date) -> None:
    """Take what is unpaid out of force; what is paid in part ends with the part."""
    for row in unpaid:
        if row.paid_principal_cents or row.paid_interest_cents:
            row.principal_cents, row.interest_cents = (
                row.paid_principal_cents,
                row.paid_interest_cents,
            )
            row.deferred_cents = min(row.deferred_cents, row.interest_cents)
            row.paid_on = on
        else:
            row.superseded_on = on
        row.save(
            update_fields=[
                "principal_cents",
                "interest_cents",
                "deferred_cents",
                "paid_on",
                "superseded_on",
            ]
        )
