"""The arrears desk: cases by how late they are, and one page per case on which staff act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.http import HttpResponseRedirect as Redirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import User
from core import clock
from core.admin import ReadOnlyAdmin
from lending.admin import arrears_forms as forms
from lending.admin import arrears_rows as rows
from lending.admin import pages
from lending.domain.arrears_ladder import missing
from lending.models import ArrearsCase, ArrearsProposal, Document
from lending.selectors.arrears import CALLED, standing_of
from lending.selectors.debts import debt_of
from lending.services import (
    arrears_cases,
    arrears_contacts,
    arrears_decisions,
    claim_sales,
    collection_costs,
    recoveries,
    terminations,
)
from lending.states import ArrearsStage, LoanStatus

MAY_WORK: Final = "lending.change_arrearscase"
"""The right to act on cases of arrears."""
ON_DESK: Final = 200
_AFTER: Final = (ArrearsStage.WRITTEN_OFF, ArrearsStage.RECOVERED)
_NOTED: Final = _("It is written down.")
_DECIDED: Final = _("It is done, or waits for a second person where one is needed.")


def _propose(act: str) -> Callable[..., object]:
    def proposed(*, reason: str, **given: Any) -> object:
        known = {name: given.pop(name) for name in ("staff", "case_id", "at")}
        return arrears_decisions.propose(act=act, reason=reason, terms=given, **known)

    return proposed


def _decide(service: Callable[..., object]) -> Callable[..., object]:
    def decided(*, staff: User, case_id: int, at: datetime, proposal_id: int) -> object:
        get_object_or_404(ArrearsProposal, pk=proposal_id, case=case_id)
        return service(staff=staff, proposal_id=proposal_id, at=at)

    return decided


def _buyer_paid(*, case_id: int, **given: Any) -> object:
    loan_id = ArrearsCase.objects.values_list("loan_id", flat=True).get(pk=case_id)
    return claim_sales.receive_from_buyer(loan_id=loan_id, **given)


_ACTS: Final[dict[str, tuple[Callable[..., object], Any]]] = {
    "call": (arrears_contacts.record_call, _NOTED),
    "promise": (arrears_contacts.record_promise, _NOTED),
    "offer": (arrears_contacts.record_offer, _NOTED),
    "final_notice": (arrears_cases.give_final_notice, _("The final notice is on its way.")),
    "collection": (terminations.hand_to_collection, _("The claim is in collection.")),
    "cost": (collection_costs.lay_out_cost, _("The cost is booked.")),
    "recovery": (recoveries.recover, _("The money is shared out.")),
    "buyer": (_buyer_paid, _("The money is shared out.")),
    "terminate": (_propose("terminate"), _DECIDED),
    "settle": (_propose("settle"), _DECIDED),
    "sell": (_propose("sell"), _DECIDED),
    "write_off": (_propose("write_off"), _DECIDED),
    "approve": (_decide(arrears_decisions.approve), _("It is approved and done.")),
    "turn_down": (_decide(arrears_decisions.turn_down), _("It is turned down.")),
}
_PROPOSALS: Final[dict[str, type[forms.ProposalForm]]] = {
    form.act: form
    for form in (
        forms.TerminateForm,
        forms.SettleForm,
        forms.SellForm,
        forms.WriteOffForm,
    )
}


@admin.register(ArrearsCase)
class ArrearsCaseAdmin(ReadOnlyAdmin):
    """Every case of arrears; the page of one is where staff act on it."""

    list_display = ("loan", "status", "late_since", "stage_since", "closed_on")
    list_filter = ("status", ("closed_on", admin.EmptyFieldListFilter))
    list_select_related = ("loan",)
    search_fields = ("loan__number", "loan__borrower__email")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        """The desk beside the usual pages."""
        desk = self.admin_site.admin_view(self.desk_view)
        return [path("desk/", desk, name="lending_arrears_desk"), *super().get_urls()]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """Open cases by bucket, the latest first, with the next step and what it still lacks."""
        pages.require(request, "lending.view_arrearscase")
        cases = ArrearsCase.objects.filter(closed_on__isnull=True)
        stage, bucket = request.GET.get("stage", ""), request.GET.get("bucket", "")
        found = list(cases.select_related("loan__borrower").order_by("late_since", "id"))
        every = rows.desk_rows(found, clock.business_date())
        shown = [
            row
            for row in every
            if (not stage or row.case.status == stage) and (not bucket or str(row.bucket) == bucket)
        ]
        waiting = ArrearsProposal.objects.filter(decided_at__isnull=True)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/arrears_desk.html",
            _("Arrears desk"),
            model=ArrearsCase,
            rows=shown[:ON_DESK],
            left_out=max(len(shown) - ON_DESK, 0),
            total=len(every),
            stage=stage,
            bucket=bucket,
            buckets=_counted(every),
            stages=_stages(every),
            proposals=waiting.select_related("case__loan", "proposed_by").order_by("id")[:50],
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One case: what is due, what was said, which steps are open and why others are not."""
        pages.require(request, "lending.view_arrearscase")
        wanted = int(object_id) if object_id.isdigit() else 0
        case = ArrearsCase.objects.select_related("loan__borrower").filter(pk=wanted).first()
        if case is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        person, may_work = pages.staff_of(request), request.user.has_perm(MAY_WORK)
        offered = _forms_for(case, person) if may_work else {}
        if request.method == "POST":
            pages.require(request, MAY_WORK)
            if _is_done(request, case, offered):
                return Redirect(request.path)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/arrears_case.html",
            case.loan.number,
            model=ArrearsCase,
            forms=list(offered.values()),
            **_context(case),
        )


def _counted(every: list[rows.DeskRow]) -> list[dict[str, Any]]:
    return [
        {
            "value": str(place),
            "name": name,
            "count": sum(row.bucket == place for row in every),
        }
        for place, name in enumerate(rows.BUCKET_NAMES)
    ]


def _stages(every: list[rows.DeskRow]) -> list[dict[str, Any]]:
    counts = dict.fromkeys(ArrearsStage, 0)
    for row in every:
        counts[ArrearsStage(row.case.status)] += 1
    return [
        {"value": stage.value, "name": stage.label, "count": count}
        for stage, count in counts.items()
        if count
    ]


def _forms_for(case: ArrearsCase, person: User) -> dict[str, forms.StepForm]:
    """Fresh forms for what is possible today; what a guard forbids has none."""
    if case.closed_on is not None and case.loan.status != LoanStatus.SOLD:
        return {}
    offered: list[forms.StepForm] = []
    for proposal in case.proposals.filter(decided_at__isnull=True):
        if proposal.proposed_by_id != person.pk:
            initial = {"proposal_id": proposal.pk}
            offered += [forms.ApproveForm(initial=initial), forms.TurnDownForm(initial=initial)]
    if case.loan.status == LoanStatus.SOLD:
        offered += [forms.BuyerForm()] if case.loan.outstanding_cents else []
        return {form.act: form for form in offered}
    offered += _step_forms(case)
    if case.status in (*CALLED, *_AFTER):
        offered += [forms.RecoveryForm(), forms.CostForm()]
    offered += [forms.CallForm(), forms.PromiseForm(), forms.OfferForm()]
    return {form.act: form for form in offered}


def _step_forms(case: ArrearsCase) -> list[forms.StepForm]:
    """Forms of the edges whose guard is content, a second person apart."""
    standing = standing_of(case, clock.business_date(), is_seconded=True)
    steps: list[forms.StepForm] = []
    if not missing(case.status, ArrearsStage.FINAL_NOTICE, standing):
        steps.append(forms.NoticeForm())
    if not missing(case.status, ArrearsStage.COLLECTION, standing):
        steps.append(forms.CollectionForm())
    waiting = set(case.proposals.filter(decided_at=None).values_list("act", flat=True))
    for act, form in _PROPOSALS.items():
        is_open = not missing(case.status, arrears_decisions.LEADS_TO[act], standing)
        if is_open and act not in waiting:
            steps.append(form())
    return steps


def _is_done(request: HttpRequest, case: ArrearsCase, offered: dict[str, forms.StepForm]) -> bool:
    """Do what was sent; false when it was refused and the page has to show why."""
    act = request.POST.get("act", "")
    if act not in offered:
        return True
    offered[act] = form = type(offered[act])(request.POST)
    service, said = _ACTS[act]
    given = {"staff": pages.staff_of(request), "case_id": case.pk, "at": clock.now()}
    return pages.done(request, form, lambda **data: service(**given, **data), said)


def _context(case: ArrearsCase) -> dict[str, Any]:
    """Everything that the page shows of one case."""
    today = clock.business_date()
    standing = standing_of(case, today)
    return {
        "case": case,
        "colour": rows.STAGE_COLOURS.get(ArrearsStage(case.status), ""),
        "days": standing.days_past_due,
        "debt_rows": rows.debt_rows(debt_of(case.loan, today)),
        "loan_rows": rows.loan_rows(case, standing),
        "steps": rows.steps(case, standing),
        "contacts": rows.contact_rows(case),
        "proposals": [
            (proposal, rows.terms_words(proposal)) for proposal in rows.proposal_rows(case)
        ],
        "costs": rows.cost_rows(case),
        "payments": rows.payment_rows(case),
        "events": rows.event_rows(case),
        "letters": rows.letters(case),
    }


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """Letters as they were issued, with the hash by which a copy can be checked."""

    list_display = ("on", "kind", "loan", "person", "language", "document")
    list_filter = ("kind", "language")
    list_select_related = ("loan", "person")
    search_fields = ("loan__number", "person__email", "=sha256")
    ordering = ("-on", "-id")
    fields = ("kind", "loan", "person", "language", "on", "document", "sha256")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Documents without their pages, which are fetched one by one."""
        return super().get_queryset(request).defer("pdf", "data")

    def get_urls(self) -> list[URLPattern]:
        """The document beside the usual pages."""
        view = self.admin_site.admin_view(self.document_view)
        return [
            path("<int:document_id>/document/", view, name="lending_document_file"),
            *super().get_urls(),
        ]

    def document_view(self, request: HttpRequest, document_id: int) -> HttpResponseBase:
        """The PDF as it was issued."""
        pages.require(request, "lending.view_document")
        found = get_object_or_404(Document, pk=document_id)
        name = f"{found.kind}-{found.pk}.pdf"
        content = bytes(found.pdf or b"")
        return FileResponse([content], content_type="application/pdf", filename=name)

    @display(description=_("document"))
    def document(self, found: Document) -> SafeString:
        """A link to the PDF."""
        address = reverse("admin:lending_document_file", args=[found.pk])
        return format_html('<a href="{}">PDF</a>', address)
