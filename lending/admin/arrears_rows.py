"""What the arrears desk shows, as rows of words for its pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import EMPTY, in_euro, in_percent
from core.wording import day
from lending.admin.case import Check, Row
from lending.domain.arrears_ladder import EDGES, Missing, Standing, bucket_of, missing, next_stage
from lending.domain.notices import least_overdue_cents
from lending.models import (
    ArrearsCase,
    ArrearsProposal,
    Contact,
    Document,
    LegalCost,
    LoanEvent,
    Repayment,
)
from lending.reasons import MISSING_FOR_STEP
from lending.selectors.arrears import needs_two, standings
from lending.selectors.debts import Debt
from lending.states import ARREARS_TRANSITIONS, ArrearsStage

BUCKET_NAMES: Final = (
    _("Not late"),
    _("1 to 30 days"),
    _("31 to 60 days"),
    _("61 to 90 days"),
    _("Over 90 days"),
)
STAGE_COLOURS: Final = {
    ArrearsStage.LATE: "info",
    ArrearsStage.REMINDER_1: "warning",
    ArrearsStage.REMINDER_2: "warning",
    ArrearsStage.FINAL_NOTICE: "danger",
    ArrearsStage.TERMINATED: "danger",
    ArrearsStage.COLLECTION: "danger",
    ArrearsStage.CURED: "success",
    ArrearsStage.SETTLED: "success",
    ArrearsStage.RECOVERED: "success",
}


class DeskRow(NamedTuple):
    """One case on the desk."""

    case: ArrearsCase
    bucket: int
    colour: str
    days: int
    overdue: str
    outstanding: str
    promise: str
    next: str
    lacks: list[Any]


class Step(NamedTuple):
    """One edge that leads on from a case, with what its guard asks."""

    name: str
    checks: list[Check]
    is_open: bool


def desk_rows(cases: Sequence[ArrearsCase], on: date) -> list[DeskRow]:
    """Cases with how late they are and what comes next, the latest first."""
    stood = standings(cases, on)
    rows = [_desk_row(case, stood[case.pk]) for case in cases]
    return sorted(rows, key=lambda row: (-row.days, row.case.pk))


def _desk_row(case: ArrearsCase, at: Standing) -> DeskRow:
    to = next_stage(case.status)
    lacking = missing(case.status, to, at) if to else []
    promised = at.promised_on if at.promised_on and at.promised_on >= at.on else None
    return DeskRow(
        case,
        bucket_of(at.days_past_due),
        STAGE_COLOURS.get(ArrearsStage(case.status), ""),
        at.days_past_due,
        in_euro(at.overdue_cents),
        in_euro(case.loan.outstanding_cents),
        day(promised) if promised else "",
        str(ArrearsStage(to).label) if to else EMPTY,
        [MISSING_FOR_STEP[code] for code in lacking],
    )


def steps(case: ArrearsCase, at: Standing) -> list[Step]:
    """Every edge that leads on from here, with each need and whether it is met."""
    found = []
    for to in sorted(ARREARS_TRANSITIONS.get(case.status, frozenset()), key=_order):
        lacking = set(missing(case.status, to, at))
        if Missing.NOT_CALLED in lacking:
            continue
        needs = [code for code, _ in EDGES[case.status, to]]
        checks = [Check(MISSING_FOR_STEP[code], code not in lacking) for code in needs]
        found.append(Step(str(ArrearsStage(to).label), checks, not lacking))
    return found


def _order(stage: str) -> int:
    return ArrearsStage.values.index(stage)


def debt_rows(debt: Debt) -> list[Row]:
    """What is due, in the order in which a payment settles it."""
    return [
        Row(_("Costs of legal pursuit"), in_euro(debt.costs_cents)),
        Row(_("Principal due"), in_euro(debt.principal_cents)),
        Row(_("Contract interest due"), in_euro(debt.interest_cents)),
        Row(_("Default interest"), in_euro(debt.default_interest_cents)),
        Row(_("In all"), in_euro(debt.total_cents)),
    ]


def loan_rows(case: ArrearsCase, at: Standing) -> list[Row]:
    """The loan and how late it is."""
    loan = case.loan
    least = least_overdue_cents(loan.principal_cents, loan.term_months)
    two = gettext("yes") if needs_two(loan) else gettext("no")
    return [
        Row(_("Days past due"), at.days_past_due),
        Row(_("Bucket"), BUCKET_NAMES[bucket_of(at.days_past_due)]),
        Row(_("Late since"), day(case.late_since)),
        Row(_("Overdue"), in_euro(at.overdue_cents)),
        Row(_("Section 498 asks for at least"), in_euro(least)),
        Row(_("Final notice runs until"), day(at.notice_until) if at.notice_until else EMPTY),
        Row(_("Lent"), in_euro(loan.principal_cents)),
        Row(_("Outstanding"), in_euro(loan.outstanding_cents)),
        Row(_("Rate"), in_percent(loan.annual_rate)),
        Row(_("Loan"), loan.get_status_display()),
        Row(_("Forborne until"), day(loan.forborne_until) if loan.forborne_until else EMPTY),
        Row(_("Decisions need a second person"), two),
    ]


def contact_rows(case: ArrearsCase) -> list[dict[str, Any]]:
    """What was said and written, newest first."""
    rows = Contact.objects.filter(case=case).select_related("by", "document")
    rows = rows.defer("document__pdf", "document__data").order_by("-on", "-id")
    return [_contact_row(row) for row in rows]


def _contact_row(row: Contact) -> dict[str, Any]:
    said = [row.note] if row.note else []
    if row.promised_cents and row.promised_on:
        promised = {"sum": in_euro(row.promised_cents), "day": day(row.promised_on)}
        said.insert(0, gettext("%(sum)s until %(day)s") % promised)
    if row.document:
        said.insert(0, str(row.document.get_kind_display()))
    if row.key.startswith("early:"):
        said.append(gettext("Ways to ease the loan, and debt advice"))
    return {
        "on": day(row.on),
        "kind": row.get_kind_display(),
        "said": said,
        "answer": row.get_answer_display() if row.answer or row.kind == "offer" else "",
        "by": row.by.email if row.by else gettext("the system"),
        "document": row.document_id,
    }


def proposal_rows(case: ArrearsCase) -> list[ArrearsProposal]:
    """Decisions on a case, newest first."""
    rows = case.proposals.select_related("proposed_by", "decided_by")
    return list(rows.order_by("-id"))


def terms_words(proposal: ArrearsProposal) -> str:
    """The terms of a proposal in a few words."""
    terms = proposal.terms
    if "cents" in terms:
        return in_euro(terms["cents"])
    if "quota" in terms:
        return f"{terms['buyer']}, {in_percent(Decimal(terms['quota']))}"
    return ""


def cost_rows(case: ArrearsCase) -> list[Row]:
    """Costs that were laid out."""
    costs = LegalCost.objects.filter(loan=case.loan_id).order_by("on", "id")
    return [Row(f"{day(cost.on)}: {cost.note}", in_euro(cost.cents)) for cost in costs]


def payment_rows(case: ArrearsCase) -> list[Row]:
    """What came in since the case was opened, newest first."""
    rows = Repayment.objects.filter(
        loan=case.loan_id, received_on__gte=case.opened_on, reversed_on__isnull=True
    )
    return [
        Row(f"{day(row.received_on)}: {row.get_kind_display()}", in_euro(row.amount_cents))
        for row in rows.order_by("-received_on", "-id")[:30]
    ]


def event_rows(case: ArrearsCase) -> list[dict[str, Any]]:
    """The timeline of the loan since shortly before the case, newest first."""
    events = LoanEvent.objects.filter(loan=case.loan_id, on__gte=case.late_since)
    return [
        {
            "on": day(event.on),
            "what": event.get_kind_display(),
            "amount": in_euro(event.amount_cents) if event.amount_cents else "",
        }
        for event in events.order_by("-on", "-id")[:60]
    ]


def letters(case: ArrearsCase) -> list[tuple[Document, str]]:
    """Letters on the loan with their days, newest first, without their pages."""
    rows = Document.objects.filter(loan=case.loan_id).defer("pdf", "data")
    return [(row, day(row.on)) for row in rows.order_by("-on", "-id")]
