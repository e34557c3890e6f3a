"""Refunds of pay-ins, and the page on which staff ask for one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import ReadOnlyAdmin, in_euro
from lending.admin import pages
from payments.admin.act_forms import RefundForm
from payments.errors import Unavailable, UnknownOutcome
from payments.models import PayIn, Refund
from payments.services.refunds import refund_pay_in, refundable_cents
from payments.states import RefundStatus

MAY_REFUND = "payments.add_refund"


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Pay-ins that went back to where they were paid from."""

    list_display = ("asked_at", "lender", "amount_cents", "status_shown", "why", "asked_by")
    list_filter = ("status",)
    list_select_related = ("pay_in__lender", "asked_by")
    search_fields = ("pay_in__lender__email", "refund_id")
    ordering = ("-id",)

    @display(description=_("lender"))
    def lender(self, refund: Refund) -> str:
        """Who had paid in."""
        return str(refund.pay_in.lender)

    @display(
        description=_("status"),
        ordering="status",
        label={RefundStatus.FAILED.label: "danger", RefundStatus.DONE.label: "success"},
    )
    def status_shown(self, refund: Refund) -> str:
        """Where it stands."""
        return str(refund.get_status_display())

    def get_urls(self) -> list[URLPattern]:
        """The page for a pay-in, before those of Django."""
        ask = self.admin_site.admin_view(self.ask)
        own = [path("for/<int:pay_in_id>/", ask, name="payments_refund_for")]
        return own + super().get_urls()

    def ask(self, request: HttpRequest, pay_in_id: int) -> HttpResponse:
        """Send money of a pay-in back."""
        pages.require(request, MAY_REFUND)
        pay_in = PayIn.objects.select_related("lender").filter(pk=pay_in_id).first()
        if pay_in is None:
            raise Http404
        form = RefundForm(request.POST or None, initial={"request_key": uuid4()})
        given = {
            "pay_in_id": pay_in.pk,
            "staff": pages.staff_of(request),
            "at": clock.now(),
        }
        said = _("The money has left the wallet and goes back.")
        if request.method == "POST" and pages.done(
            request, form, lambda **data: _refund(**given, **data), said
        ):
            return HttpResponseRedirect(reverse("admin:payments_refund_changelist"))
        return pages.page(
            self.admin_site,
            request,
            "admin/payments/refund.html",
            _("Give a pay-in back"),
            model=Refund,
            pay_in=pay_in,
            amount=in_euro(pay_in.amount_cents),
            most=in_euro(refundable_cents(pay_in)),
            may_refund=refundable_cents(pay_in) > 0,
            form=form,
        )


def _refund(**given: Any) -> None:
    """Record it and send it; what cannot be sent now, as from here it may not, the sweep sends."""
    with suppress(Unavailable, UnknownOutcome):
        refund_pay_in(**given)
