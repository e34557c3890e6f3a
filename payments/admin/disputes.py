"""Disputes, with what can still be done about them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import EMPTY, ReadOnlyAdmin, in_euro
from core.audit import trail
from core.wording import day, instant
from lending.admin import pages
from lending.admin.case import Row
from lending.admin.forms import ActForm
from payments.admin.act_forms import AcceptForm, AnswerForm, reason_in_words
from payments.models import Dispute
from payments.services import disputes
from payments.states import DISPUTE_OPEN, DisputeStatus

MAY_DECIDE: Final = "payments.change_dispute"

_COLOURS: Final = {
    DisputeStatus.INQUIRY: "warning",
    DisputeStatus.NEEDS_RESPONSE: "danger",
    DisputeStatus.UNDER_REVIEW: "info",
    DisputeStatus.WON: "success",
    DisputeStatus.UNKNOWN: "danger",
}


class OpenFilter(admin.SimpleListFilter):
    """Those that are not over."""

    title = _("open")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two choices."""
        return [("1", _("Open")), ("0", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the rows of the chosen kind."""
        if self.value() == "1":
            return queryset.filter(status__in=DISPUTE_OPEN)
        return queryset.exclude(status__in=DISPUTE_OPEN) if self.value() == "0" else queryset


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """Contested payments: whose, how much, where they stand, and until when we may answer."""

    list_display = (
        "opened_at",
        "whose",
        "amount_cents",
        "status_shown",
        "why",
        "due_by",
    )
    list_filter: ClassVar = (OpenFilter, "status", "reason")
    list_select_related = ("collection__instalment__loan", "pay_in__lender")
    search_fields = (
        "provider_id",
        "payment_id",
        "collection__instalment__loan__number",
        "pay_in__lender__email",
    )
    ordering = ("-opened_at", "-id")

    @display(description=_("loan or lender"))
    def whose(self, dispute: Dispute) -> str:
        """The loan of a debit, the lender of a pay-in."""
        if dispute.collection is not None:
            return str(dispute.collection.instalment.loan.number)
        return str(dispute.pay_in.lender) if dispute.pay_in else EMPTY

    @display(
        description=_("status"),
        ordering="status",
        label={status.label: colour for status, colour in _COLOURS.items()},
    )
    def status_shown(self, dispute: Dispute) -> str:
        """Where it stands."""
        return str(dispute.get_status_display())

    @display(description=_("reason"), ordering="reason")
    def why(self, dispute: Dispute) -> str:
        """What the bank says."""
        return reason_in_words(dispute.reason)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """All of a dispute, and the two things that can be done about it."""
        pages.require(request, "payments.view_dispute")
        wanted = int(object_id) if object_id.isdigit() else 0
        rows = Dispute.objects.select_related(*self.list_select_related, "decided_by")
        dispute = rows.filter(pk=wanted).first()
        if dispute is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        may_decide = dispute.is_answerable and request.user.has_perm(MAY_DECIDE)
        forms: list[ActForm] = [AnswerForm(), AcceptForm()] if may_decide else []
        if request.method == "POST":
            pages.require(request, MAY_DECIDE)
            forms, is_done = _act(request, dispute)
            if is_done:
                return HttpResponseRedirect(request.path)
        return pages.page(
            self.admin_site,
            request,
            "admin/payments/dispute.html",
            _("Dispute over %(amount)s") % {"amount": in_euro(dispute.amount_cents)},
            model=Dispute,
            dispute=dispute,
            colour=_COLOURS.get(DisputeStatus(dispute.status), "default"),
            rows=_rows(dispute, self.whose(dispute)),
            link=_link(dispute),
            lines=[_line(line) for line in dispute.lines.all()],
            events=[_event(row) for row in trail(dispute)],
            forms=forms,
        )


def _act(request: HttpRequest, dispute: Dispute) -> tuple[list[ActForm], bool]:
    """The forms as filled in, and whether one of them was carried out."""
    staff = pages.staff_of(request)
    given: dict[str, Any] = {"dispute_id": dispute.pk, "at": clock.now()}
    act = request.POST.get("act")
    answer = AnswerForm(request.POST) if act == AnswerForm.act else AnswerForm()
    accept = AcceptForm(request.POST) if act == AcceptForm.act else AcceptForm()
    if act == AnswerForm.act:
        said = _("Our answer is with the payer's bank.")
        is_done = pages.done(
            request, answer, lambda **data: disputes.answer(staff=staff, **given, **data), said
        )
    else:
        said = _("The dispute is accepted.")
        is_done = pages.done(
            request, accept, lambda **data: disputes.accept(staff=staff, **given, **data), said
        )
    return [answer, accept], is_done


def _rows(dispute: Dispute, whose: str) -> list[Row]:
    """What is known of a dispute."""
    decided = f"{dispute.decided_by}, {instant(dispute.decided_at)}" if dispute.decided_at else ""
    rows = [
        Row(_("Of"), whose),
        Row(_("Amount"), in_euro(dispute.amount_cents)),
        Row(_("Reason"), reason_in_words(dispute.reason)),
        Row(_("Provider's word"), dispute.word),
        Row(_("Opened"), instant(dispute.opened_at)),
        Row(_("Answer by"), instant(dispute.due_by) if dispute.due_by else EMPTY),
        Row(_("Answered by"), decided),
        Row(_("Closed"), instant(dispute.closed_at) if dispute.closed_at else EMPTY),
        Row(_("Provider's id"), dispute.provider_id),
    ]
    return [row for row in rows if row.value]


def _link(dispute: Dispute) -> str:
    if dispute.collection is not None:
        loan_id = dispute.collection.instalment.loan_id
        return reverse("admin:lending_loan_change", args=[loan_id])
    return reverse("admin:payments_payin_change", args=[dispute.pay_in_id])


def _line(line: Any) -> dict[str, str]:
    return {
        "on": day(line.booked_on),
        "what": str(_("Money taken") if line.amount_cents < 0 else _("Money given back")),
        "amount": in_euro(line.amount_cents),
        "fee": in_euro(line.fee_cents) if line.fee_cents else EMPTY,
        "reference": line.reference,
    }


def _event(row: Any) -> dict[str, str]:
    labels = dict(DisputeStatus.choices)
    acts = {"dispute_answer": _("Answered"), "dispute_accept": _("Accepted")}
    what = labels.get(row.after) or acts.get(row.action) or row.action
    return {"at": instant(row.at), "what": str(what), "why": row.reason}
