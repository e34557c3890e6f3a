"""Changes of terms: what waits for staff, and the page on which they propose, approve or refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import EMPTY, ReadOnlyAdmin, in_euro, in_percent
from core.errors import DomainError
from core.wording import day, instant
from lending.admin import pages
from lending.admin.case import Row
from lending.admin.change_forms import AgreeForm, ApproveTermsForm, ProposeForm, RefuseForm
from lending.admin.forms import ActForm
from lending.models import ChangeKind, Loan, PlanChange
from lending.selectors.changes import forbearance_attempts
from lending.services import hardship
from lending.services.easing import EasedTerms
from lending.services.plan_changes import Effect, stored_effect
from lending.states import ChangeStatus


@admin.register(PlanChange)
class PlanChangeAdmin(ReadOnlyAdmin):
    """Every change of terms, newest first; filter by status for what waits."""

    list_display = (
        "loan",
        "kind",
        "status_shown",
        "asked_at",
        "decided_by",
        "approved_by",
        "offer_until",
    )
    list_filter = ("status", "kind")
    list_select_related = ("loan", "decided_by", "approved_by")
    search_fields = ("loan__number", "loan__borrower__email")
    ordering = ("-id",)

    @display(
        description=_("status"),
        ordering="status",
        label={
            ChangeStatus.ASKED.label: "warning",
            ChangeStatus.AGREED.label: "info",
            ChangeStatus.IN_FORCE.label: "success",
            ChangeStatus.REFUSED.label: "danger",
        },
    )
    def status_shown(self, change: PlanChange) -> str:
        """Where it stands."""
        return change.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        """The form of a proposal beside the usual pages."""
        view = self.admin_site.admin_view(self.propose_view)
        return [
            path("propose/<int:loan_id>/", view, name="lending_change_propose"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One change with its effect, and the forms of what may be done about it now."""
        pages.require(request, "lending.view_planchange")
        wanted = int(object_id) if object_id.isdigit() else 0
        rows = PlanChange.objects.select_related("loan__borrower", "decided_by", "approved_by")
        found = rows.filter(pk=wanted).first()
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        forms = _forms_for(found)
        if request.method == "POST":
            pages.require(request, pages.MAY_PROPOSE)
            if (answer := _act(request, found, forms)) is not None:
                return answer
        may_act = request.user.has_perm(pages.MAY_PROPOSE)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/change.html",
            f"{found.loan}: {found.get_kind_display()}",
            model=PlanChange,
            change=found,
            forms=list(forms.values()) if may_act else [],
            may_propose=may_act and found.status == ChangeStatus.ASKED and not found.decided_by_id,
            terms=_terms(found),
            people=_people(found),
            effect=_effect_rows(stored_effect(found.figures)) if found.figures else [],
        )

    def propose_view(self, request: HttpRequest, loan_id: int) -> HttpResponse:
        """Terms to offer: first shown with what they would mean, then proposed."""
        pages.require(request, pages.MAY_PROPOSE)
        loan = get_object_or_404(Loan.objects.select_related("borrower", "request"), pk=loan_id)
        form = ProposeForm(request.POST or None, initial={"request_key": uuid4()})
        effect, proposed = _weigh(request, loan, form) if form.is_valid() else (None, None)
        if proposed is not None:
            where = reverse("admin:lending_planchange_change", args=[proposed.pk])
            return HttpResponseRedirect(where)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/propose.html",
            _("Propose easier terms"),
            model=PlanChange,
            loan=loan,
            form=form,
            loan_rows=_loan_rows(loan),
            effect=_effect_rows(effect) if effect else [],
            attempts=forbearance_attempts(loan),
        )


def _weigh(
    request: HttpRequest, loan: Loan, form: ProposeForm
) -> tuple[Effect | None, PlanChange | None]:
    """The effect of the terms; with the other button also the proposal itself."""
    staff, on = pages.staff_of(request), clock.business_date()
    kind, terms = form.cleaned_data["kind"], form.terms()
    try:
        effect = hardship.preview_change(
            staff=staff, loan_id=loan.pk, kind=kind, terms=terms, on=on
        )
        if request.POST.get("act") != "propose":
            return effect, None
        return effect, hardship.propose_change(
            staff=staff,
            loan_id=loan.pk,
            kind=kind,
            terms=terms,
            reason=form.cleaned_data["reason"],
            answer=form.cleaned_data["answer"],
            on=on,
            at=clock.now(),
            request_key=form.cleaned_data["request_key"],
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return None, None


_ACTS: dict[str, tuple[Callable[..., PlanChange], Any]] = {
    "agree": (hardship.agree_to_break, _("The break is agreed, and everyone is told.")),
    "approve": (hardship.approve_change, _("The terms are offered to the borrower.")),
    "refuse": (hardship.refuse_change, _("It is refused.")),
}
_TAKE_A_DAY = frozenset({"agree", "approve"})


def _act(
    request: HttpRequest, change: PlanChange, forms: dict[str, ActForm]
) -> HttpResponse | None:
    """Do what was sent; None when it was refused and the page has to show why."""
    act = request.POST.get("act", "")
    if act not in forms:
        return HttpResponseRedirect(request.path)
    forms[act] = form = type(forms[act])(request.POST)
    service, said = _ACTS[act]
    given: dict[str, Any] = {
        "staff": pages.staff_of(request),
        "change_id": change.pk,
        "at": clock.now(),
    }
    if act in _TAKE_A_DAY:
        given["on"] = clock.business_date()
    if not pages.done(request, form, lambda **data: service(**given, **data), said):
        return None
    return HttpResponseRedirect(request.path)


def _forms_for(change: PlanChange) -> dict[str, ActForm]:
    """Fresh forms for what is possible at this stage."""
    if change.status != ChangeStatus.ASKED:
        return {}
    if change.decided_by_id:
        return {"approve": ApproveTermsForm(), "refuse": RefuseForm()}
    if change.kind == ChangeKind.PAYMENT_BREAK:
        return {"agree": AgreeForm(), "refuse": RefuseForm()}
    return {"refuse": RefuseForm()}


def _terms(change: PlanChange) -> list[Row]:
    """What is changed, in words."""
    terms = change.terms
    if change.kind == ChangeKind.PAYMENT_BREAK:
        months = ", ".join(_days(terms["skipped"]))
        last = _("with the last instalment")
        spread = _("in equal parts with the later instalments")
        paid = last if terms["collect"] == "end" else spread
        return [Row(_("Instalments skipped"), months), Row(_("Interest of the break"), paid)]
    if not terms:
        return []
    given = EasedTerms.read(terms)
    rows = [
        Row(_("Payments of the new plan"), given.months or _("as many as are to come")),
        Row(_("New rate"), in_percent(given.annual_rate)),
        Row(_("Principal waived"), in_euro(given.waived_cents or None)),
        Row(_("Overdue interest waived"), in_euro(given.waived_interest_cents or None)),
    ]
    return [row for row in rows if row.value != EMPTY]


def _days(texts: list[str]) -> list[str]:
    return [day(date.fromisoformat(text)) for text in texts]


def _people(change: PlanChange) -> list[Row]:
    """Who did what, and when."""
    rows = [
        Row(_("Borrower"), change.loan.borrower),
        Row(_("Asked"), f"{change.asked_by}, {instant(change.asked_at)}"),
    ]
    for label, person, at in (
        (_("Decided"), change.decided_by, change.decided_at),
        (_("Approved"), change.approved_by, change.approved_at),
    ):
        if person and at:
            rows.append(Row(label, f"{person}, {instant(at)}"))
    if change.offer_until:
        rows.append(Row(_("Open until"), day(change.offer_until)))
    if change.accepted_at:
        rows.append(Row(_("In force since"), instant(change.accepted_at)))
    return rows


def _loan_rows(loan: Loan) -> list[Row]:
    """The loan as it stands."""
    return [
        Row(_("Borrower"), loan.borrower),
        Row(_("Status"), loan.get_status_display()),
        Row(_("Outstanding"), in_euro(loan.outstanding_cents)),
        Row(_("Rate"), in_percent(loan.annual_rate)),
        Row(_("Payments to come"), loan.instalments.unpaid().count()),
    ]


def _effect_rows(effect: Effect) -> list[tuple[Any, str, str]]:
    """Each figure by the old plan and by the new one."""
    return [
        (_("Payments"), str(len(effect.before)), str(len(effect.after))),
        (
            _("Paid in all"),
            in_euro(effect.total_before_cents),
            in_euro(effect.total_after_cents),
        ),
        (
            _("Highest payment"),
            in_euro(effect.instalment_before_cents),
            in_euro(effect.instalment_after_cents),
        ),
        (_("Last payment"), day(effect.ends_before_on), day(effect.ends_after_on)),
        (
            _("Affordability mark"),
            str(effect.mark_before or EMPTY),
            str(effect.mark_after or EMPTY),
        ),
        (
            _("Lenders' return a year"),
            in_percent(effect.return_before),
            in_percent(effect.return_after),
        ),
    ]
