"""The review desk: the queue by deadline, and one page per request on which staff decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import ReadOnlyAdmin, in_euro, in_percent
from core.errors import NotFound
from core.wording import day
from lending.admin import case, pages
from lending.admin.forms import ActForm, ApproveForm, AskBackForm, CancelForm, DeclineForm
from lending.models import Assessment, LoanRequest, ReviewDecision
from lending.selectors.requests import case_for_review, review_by, review_queue
from lending.services import reviews
from lending.states import RequestStatus

STATUS_COLOURS = {
    RequestStatus.IN_REVIEW.label: "warning",
    RequestStatus.LISTED.label: "info",
    RequestStatus.FILLED.label: "primary",
    RequestStatus.ACCEPTED.label: "primary",
    RequestStatus.DISBURSED.label: "success",
    RequestStatus.DECLINED.label: "danger",
}
_ON_MARKET = frozenset({RequestStatus.LISTED, RequestStatus.FILLED, RequestStatus.ACCEPTED})


@admin.register(LoanRequest)
class LoanRequestAdmin(ReadOnlyAdmin):
    """Every request; the page of one is the case that staff decide on."""

    list_display = (
        "title_shown",
        "status_shown",
        "amount_cents",
        "term_months",
        "grade",
        "affordability_mark",
        "annual_rate",
        "funded_cents",
        "deadline_on",
    )
    list_filter = ("status", "grade", "purpose")
    search_fields = ("title", "borrower__email", "=public_id")
    ordering = ("-created_at",)

    @display(description=_("request"), ordering="title")
    def title_shown(self, row: LoanRequest) -> str:
        """Its title, or its number while it has none."""
        return str(row)

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_shown(self, row: LoanRequest) -> str:
        """Where it stands."""
        return row.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        """The queue beside the usual pages."""
        queue = self.admin_site.admin_view(self.queue_view)
        return [path("queue/", queue, name="lending_review_queue"), *super().get_urls()]

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """What waits for a decision, the most urgent first."""
        pages.require(request, "lending.view_loanrequest")
        today = clock.business_date()
        rows = [_queue_row(row, today) for row in review_queue(pages.staff_of(request))]
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/queue.html",
            _("Review queue"),
            model=LoanRequest,
            rows=rows,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The case: everything explained, and the forms of what staff may do now."""
        pages.require(request, "lending.view_loanrequest")
        try:
            row = case_for_review(pages.staff_of(request), int(object_id))
        except (NotFound, ValueError):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        forms = _forms_for(row)
        if request.method == "POST":
            pages.require(request, pages.MAY_DECIDE)
            if (answer := self._decide(request, row, forms)) is not None:
                return answer
        may_decide = request.user.has_perm(pages.MAY_DECIDE)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/case.html",
            str(row),
            model=LoanRequest,
            forms=list(forms.values()) if may_decide else [],
            **_case_context(row),
        )

    def _decide(
        self, request: HttpRequest, row: LoanRequest, forms: dict[str, ActForm]
    ) -> HttpResponse | None:
        """Do what was sent; None when it was refused and the page has to show why."""
        act = request.POST.get("act", "")
        if act not in forms:
            return HttpResponseRedirect(request.path)
        forms[act] = form = type(forms[act])(request.POST)
        service, said = _ACTS[act]
        given = {"reviewer": pages.staff_of(request), "request_id": row.pk, "at": clock.now()}
        if not pages.done(request, form, lambda **data: service(**given, **data), said):
            return None
        to_queue = row.status == RequestStatus.IN_REVIEW
        where = "admin:lending_review_queue" if to_queue else "admin:lending_loanrequest_changelist"
        return HttpResponseRedirect(reverse(where))


_ACTS: dict[str, tuple[Callable[..., LoanRequest], Any]] = {
    "approve": (reviews.approve, _("Your approval is noted.")),
    "decline": (reviews.decline, _("The request is declined, and the borrower is told why.")),
    "ask_back": (reviews.ask_back, _("Your question is on its way to the borrower.")),
    "cancel": (reviews.cancel, _("The request is off the market; its lenders have their money.")),
}


def _forms_for(row: LoanRequest) -> dict[str, ActForm]:
    """Fresh forms for what is possible at this stage."""
    if row.status in _ON_MARKET:
        return {"cancel": CancelForm()}
    assessments = list(row.assessments.all())
    if row.status != RequestStatus.IN_REVIEW or not assessments:
        return {}
    rate = _proposed_rate(row, assessments[0])
    shown = None if rate is None else (rate * 100).quantize(Decimal("0.01"))
    approve = ApproveForm(initial={"annual_rate": shown})
    return {"approve": approve, "decline": DeclineForm(), "ask_back": AskBackForm()}


def _proposed_rate(row: LoanRequest, assessment: Assessment) -> Decimal | None:
    """The first approval's rate where there is one, else the rate of the price list."""
    approved = [
        review.annual_rate
        for review in row.reviews.all()
        if review.assessment_id == assessment.pk and review.decision == ReviewDecision.APPROVE
    ]
    return approved[0] if approved else reviews.listing_rate(row, assessment)


def _queue_row(row: LoanRequest, today: date) -> dict[str, Any]:
    """One line of the queue, written out."""
    assessment, due_on = row.assessments.all()[0], review_by(row)
    return {
        "case": row,
        "amount": in_euro(row.amount_cents),
        "rate": in_percent(reviews.listing_rate(row, assessment)),
        "grade": assessment.grade,
        "mark": assessment.affordability_mark,
        "decide_by": day(due_on) if due_on else "",
        "is_overdue": due_on is not None and due_on < today,
        "approvals": f"{row.approvals} / {2 if reviews.needs_two(row) else 1}",  # type: ignore[attr-defined]
    }


def _decide_by(row: LoanRequest) -> date | None:
    """The day by which staff decide, while they have to."""
    return review_by(row) if row.status == RequestStatus.IN_REVIEW else None


def _case_context(row: LoanRequest) -> dict[str, Any]:
    """Everything that the page shows of one request."""
    today, due_on = clock.business_date(), _decide_by(row)
    assessments, decisions = list(row.assessments.all()), list(row.reviews.all())
    shown: dict[str, Any] = {
        "case": row,
        "decide_by": day(due_on) if due_on else "",
        "is_overdue": due_on is not None and due_on < today,
        "request_rows": case.request_rows(row),
        "person_rows": case.person_rows(row.borrower),
        "reviews": case.decisions(decisions),
        "earlier": case.earlier_requests(row),
        "loans": case.loans(row.borrower),
        "history": case.history(row),
        "status_words": row.get_status_display(),
        "status_colour": STATUS_COLOURS.get(RequestStatus(row.status).label, ""),
    }
    if not assessments:
        return shown
    newest = assessments[0]
    approvals = sum(
        review.assessment_id == newest.pk and review.decision == ReviewDecision.APPROVE
        for review in decisions
    )
    return shown | {
        "assessment": newest,
        "checks": case.checklist(row, approvals),
        "price_rows": case.price_rows(row, newest, today),
        "score_rows": case.score_rows(newest),
        "answers": case.answers(newest),
        "reasons": case.reasons(newest),
        "refusals": case.refusals(newest.refusals),
        "affordability_rows": case.affordability_rows(newest),
        "told_rows": case.told_rows(newest),
    }
