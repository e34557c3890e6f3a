"""The payment schedule of a loan as a document, fetched by its borrower at any time, free."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.clock import day_of
from core.wording import day, euro, number, percent
from lending.documents import pdf
from lending.domain.due_dates import days_past_due
from lending.models import Instalment, Loan, Plan, PlanReason
from lending.selectors.loans import loan_of_borrower, schedule_of
from lending.services.contract_figures import contract_number
from lending.services.statement_words import address_of


def schedule_pdf(borrower: User, loan_id: int, language: str, *, at: datetime) -> bytes:
    """The plan in force as a document; NotFound for a stranger."""
    return pdf("schedule", schedule_words(borrower, loan_id, language, at=at), at=at)


def schedule_words(borrower: User, loan_id: int, language: str, *, at: datetime) -> dict[str, Any]:
    """All that the document shows, in `language`."""
    loan = loan_of_borrower(borrower, loan_id)
    rows = list(schedule_of(borrower, loan_id))
    with translation.override(language):
        return {
            "language": language,
            "number": loan.number,
            "contract": contract_number(loan.request),
            "title": loan.request.title,
            "made_on": day(day_of(at)),
            "address": address_of(borrower),
            "lent": euro(loan.principal_cents),
            "lent_on": day(loan.disbursed_on),
            "rate": percent(loan.annual_rate),
            "outstanding": euro(loan.outstanding_cents),
            "open": euro(sum(row.open_cents for row in rows)),
            "rows": [_row(row, day_of(at)) for row in rows],
            "sums": _sums(rows),
            "versions": _versions(loan),
        }


def _row(row: Instalment, today: date) -> list[str]:
    return [
        str(row.number),
        day(row.due_on),
        euro(row.total_cents),
        euro(row.interest_cents),
        euro(row.principal_cents),
        euro(row.balance_cents),  # type: ignore[attr-defined]
        _standing(row, today),
    ]


def _standing(row: Instalment, today: date) -> str:
    if row.paid_on:
        return _("paid %(day)s") % {"day": day(row.paid_on)}
    if days_past_due(row.due_on, today):
        return _("late: %(sum)s") % {"sum": euro(row.open_cents)}
    return _("open")


def _sums(rows: list[Instalment]) -> list[str]:
    interest = sum(row.interest_cents for row in rows)
    principal = sum(row.principal_cents for row in rows)
    return [euro(interest + principal), euro(interest), euro(principal)]


def _versions(loan: Loan) -> list[list[str]]:
    """Every version of the plan, newest first, with how much of it was replaced later."""
    plans = Plan.objects.filter(loan=loan).order_by("-version")
    counted = plans.annotate(
        rows=Count("instalments"),
        replaced=Count("instalments", filter=Q(instalments__superseded_on__isnull=False)),
    )
    return [
        [
            number(plan.version),
            day(plan.made_on),
            str(PlanReason(plan.reason).label),
            percent(plan.annual_rate),
            number(plan.rows),
            number(plan.replaced),
        ]
        for plan in counted
    ]
