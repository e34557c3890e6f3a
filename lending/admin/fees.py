"""The price list: staff date a change ahead, and never touch what was."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import ReadOnlyAdmin, in_percent
from lending.admin import pages
from lending.admin.forms import FeeForm
from lending.models import FeeRate
from lending.services.fees import schedule_fee


@admin.register(FeeRate)
class FeeRateAdmin(ReadOnlyAdmin):
    """Fees with the day from which they hold."""

    list_display = ("kind", "share", "valid_from")
    fields: ClassVar = ("kind", "share", "valid_from")
    ordering = ("kind", "-valid_from")

    @display(description=_("rate"), ordering="rate")
    def share(self, fee: FeeRate) -> str:
        """The rate in per cent."""
        return in_percent(fee.rate)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever has the right to set fees, by the form below."""
        return request.user.has_perm("lending.add_feerate")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A fee from a coming day on."""
        pages.require(request, "lending.add_feerate")
        form = FeeForm(request.POST or None)
        given: dict[str, Any] = {"staff": pages.staff_of(request), "at": clock.now()}
        said = _("The price list has changed from that day on.")
        if request.method == "POST" and pages.done(
            request, form, lambda **data: schedule_fee(**given, **data), said
        ):
            return HttpResponseRedirect(reverse("admin:lending_feerate_changelist"))
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/fee.html",
            _("Set a fee"),
            model=FeeRate,
            form=form,
        )
