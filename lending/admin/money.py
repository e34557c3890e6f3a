"""Loans and all that was booked on them, to look at."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin import ReadOnlyAdmin, ReadOnlyInline, in_euro
from lending.admin import pages
from lending.models import (
    Contract,
    Holding,
    Instalment,
    Loan,
    LoanEvent,
    Repayment,
    RepaymentPart,
    RepaymentShare,
)
from lending.states import LoanStatus


class InstalmentInline(ReadOnlyInline):
    """The plan and what was paid of it."""

    model = Instalment
    labels: ClassVar = {
        "paid_principal_cents": _("principal paid"),
        "paid_interest_cents": _("interest paid"),
    }
    fields = (
        "plan",
        "number",
        "kind",
        "due_on",
        "principal_cents",
        "interest_cents",
        "paid_principal_cents",
        "paid_interest_cents",
        "paid_on",
        "superseded_on",
    )
    ordering = ("superseded_on", "number")
    per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instalment]:
        """Instalments with the plan that each belongs to."""
        return super().get_queryset(request).select_related("plan")


class HoldingInline(ReadOnlyInline):
    """Who lent how much."""

    model = Holding
    labels: ClassVar = {"written_off_cents": _("written off")}
    fields = (
        "lender",
        "principal_cents",
        "outstanding_cents",
        "interest_cents",
        "fee_cents",
        "written_off_cents",
    )
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Holding]:
        """Holdings with their lenders."""
        return super().get_queryset(request).select_related("lender")


class LoanEventInline(ReadOnlyInline):
    """The timeline that borrower and lenders see."""

    model = LoanEvent
    labels: ClassVar = {"amount_cents": _("amount")}
    fields = ("on", "kind", "instalment_number", "amount_cents", "note")
    ordering = ("on", "id")
    per_page = 100


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    """Every loan with its plan, its lenders and its timeline."""

    list_display = (
        "number",
        "borrower",
        "status_shown",
        "grade",
        "principal_cents",
        "outstanding_cents",
        "annual_rate",
        "term_months",
        "disbursed_on",
    )
    list_filter = ("status", "grade")
    list_select_related = ("borrower",)
    search_fields = ("number", "borrower__email")
    ordering = ("-id",)
    inlines = (InstalmentInline, HoldingInline, LoanEventInline)
    actions_detail: ClassVar = ["ease_terms"]

    @action(description=_("Propose easier terms"), permissions=["ease_terms"])
    def ease_terms(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The way to the form of a proposal."""
        return HttpResponseRedirect(reverse("admin:lending_change_propose", args=[object_id]))

    def has_ease_terms_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whoever may propose changes of terms."""
        return request.user.has_perm(pages.MAY_PROPOSE)

    @display(
        description=_("status"),
        ordering="status",
        label={
            LoanStatus.ACTIVE.label: "info",
            LoanStatus.REPAID.label: "success",
            LoanStatus.DEFAULTED.label: "danger",
            LoanStatus.WRITTEN_OFF.label: "danger",
        },
    )
    def status_shown(self, loan: Loan) -> str:
        """Where it stands."""
        return loan.get_status_display()


@admin.register(Instalment)
class InstalmentAdmin(ReadOnlyAdmin):
    """Every planned payment, by its day."""

    list_display = ("due_on", "loan", "number", "planned", "still_open", "paid_on")
    list_filter = (("paid_on", admin.EmptyFieldListFilter), "due_on")
    list_select_related = ("loan",)
    search_fields = ("loan__number",)
    ordering = ("due_on", "id")

    @display(description=_("planned"))
    def planned(self, instalment: Instalment) -> str:
        """Principal and interest."""
        return in_euro(instalment.total_cents)

    @display(description=_("still open"))
    def still_open(self, instalment: Instalment) -> str:
        """What is to be paid of it."""
        return in_euro(instalment.open_cents)


@admin.register(Holding)
class HoldingAdmin(ReadOnlyAdmin):
    """Every claim of a lender."""

    labels: ClassVar = {"written_off_cents": _("written off")}
    list_display = (
        "loan",
        "lender",
        "principal_cents",
        "outstanding_cents",
        "interest_cents",
        "fee_cents",
        "written_off_cents",
    )
    list_select_related = ("loan", "lender")
    search_fields = ("loan__number", "lender__email")
    ordering = ("-id",)


class RepaymentPartInline(ReadOnlyInline):
    """Which instalments a payment settled."""

    model = RepaymentPart
    labels: ClassVar = {"principal_cents": _("principal"), "interest_cents": _("interest")}
    fields = ("instalment", "principal_cents", "interest_cents")
    ordering = ("id",)


class RepaymentShareInline(ReadOnlyInline):
    """Which lender received what of it."""

    model = RepaymentShare
    fields = ("holding", "principal_cents", "interest_cents", "fee_cents")
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RepaymentShare]:
        """Shares with the holdings that they are of."""
        return super().get_queryset(request).select_related("holding")


@admin.register(Repayment)
class RepaymentAdmin(ReadOnlyAdmin):
    """Every payment on a loan, with the instalments it settled and each lender's share."""

    list_display = (
        "received_on",
        "loan",
        "amount_cents",
        "principal_cents",
        "interest_cents",
        "fee_cents",
        "reference",
    )
    list_select_related = ("loan",)
    search_fields = ("reference", "loan__number")
    ordering = ("-received_on", "-id")
    inlines = (RepaymentPartInline, RepaymentShareInline)


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    """Contracts as they were signed, with the hash by which a copy can be checked."""

    list_display = ("number", "request", "signed_at", "language", "document", "sha256")
    list_select_related = ("request",)
    search_fields = ("number", "=sha256", "request__borrower__email")
    ordering = ("-signed_at",)
    fields = ("number", "request", "signed_at", "signed_ip", "language", "document", "sha256")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contract]:
        """Contracts without their documents, which are fetched one by one."""
        return super().get_queryset(request).defer("pdf", "figures")

    def get_urls(self) -> list[URLPattern]:
        """The document beside the usual pages."""
        view = self.admin_site.admin_view(self.document_view)
        return [
            path("<int:contract_id>/document/", view, name="lending_contract_document"),
            *super().get_urls(),
        ]

    def document_view(self, request: HttpRequest, contract_id: int) -> HttpResponseBase:
        """The PDF as it was signed."""
        pages.require(request, "lending.view_contract")
        contract = get_object_or_404(Contract, pk=contract_id)
        name = f"{contract.number}.pdf"
        return FileResponse([bytes(contract.pdf)], content_type="application/pdf", filename=name)

    @display(description=_("document"))
    def document(self, contract: Contract) -> SafeString:
        """A link to the PDF."""
        address = reverse("admin:lending_contract_document", args=[contract.pk])
        return format_html('<a href="{}">PDF</a>', address)
