"""Base rates: one member of staff enters one, another approves it."""

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
from lending.admin.forms import BaseRateApproval, BaseRateForm
from lending.domain.default_interest import default_rate
from lending.first_base_rates import SOURCE
from lending.models import BaseRate
from lending.services.base_rates import approve_base_rate, propose_base_rate

_RIGHT = "lending.add_baserate"


@admin.register(BaseRate)
class BaseRateAdmin(ReadOnlyAdmin):
    """Base rates with their source, the latest first, and what default interest follows."""

    list_display = ("valid_from", "base", "late", "state", "origin", "proposer", "approver")
    list_select_related = ("proposed_by", "approved_by")
    ordering = ("-valid_from", "-id")
    fields: ClassVar = ("valid_from", "base", "source", "proposed_by", "approved_by", "approved_at")

    @display(description=_("rate per year"), ordering="rate")
    def base(self, rate: BaseRate) -> str:
        """The base rate in per cent."""
        return in_percent(rate.rate)

    @display(description=_("Default interest"))
    def late(self, rate: BaseRate) -> str:
        """What overdue money bears by it."""
        return in_percent(default_rate(rate.rate))

    @display(description=_("source"))
    def origin(self, rate: BaseRate) -> Any:
        """Where it was read; the first ones in the reader's language."""
        return _("Deutsche Bundesbank, section 247 BGB") if rate.source == SOURCE else rate.source

    @display(description=_("proposed by"))
    def proposer(self, rate: BaseRate) -> Any:
        """Who entered it."""
        return rate.proposed_by

    @display(description=_("approved by"))
    def approver(self, rate: BaseRate) -> Any:
        """The second person."""
        return rate.approved_by

    @display(description=_("status"), label={"approved": "success", "proposed": "warning"})
    def state(self, rate: BaseRate) -> Any:
        """Whether it counts."""
        if rate.approved_at:
            return "approved", _("approved")
        return "proposed", _("proposed")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever has the right to enter base rates, by the form below."""
        return request.user.has_perm(_RIGHT)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Enter a base rate."""
        pages.require(request, _RIGHT)
        form = BaseRateForm(request.POST or None)
        given: dict[str, Any] = {"staff": pages.staff_of(request), "at": clock.now()}
        said = _("The base rate waits for a second person.")
        if request.method == "POST" and pages.done(
            request, form, lambda **data: propose_base_rate(**given, **data), said
        ):
            return HttpResponseRedirect(reverse("admin:lending_baserate_changelist"))
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/base_rate.html",
            _("Enter a base rate"),
            model=BaseRate,
            form=form,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One base rate, and the button of the second person."""
        pages.require(request, "lending.view_baserate")
        wanted = int(object_id) if object_id.isdigit() else 0
        rows = BaseRate.objects.select_related("proposed_by", "approved_by")
        found = rows.filter(pk=wanted).first()
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = None if found.approved_at else BaseRateApproval(request.POST or None)
        if request.method == "POST" and form is not None:
            pages.require(request, _RIGHT)
            given: dict[str, Any] = {"staff": pages.staff_of(request), "at": clock.now()}
            said = _("The base rate counts from its day on.")
            if pages.done(
                request,
                form,
                lambda **data: approve_base_rate(base_rate_id=found.pk, **given, **data),
                said,
            ):
                return HttpResponseRedirect(reverse("admin:lending_baserate_changelist"))
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/base_rate.html",
            str(found),
            model=BaseRate,
            found=found,
            shown=in_percent(found.rate),
            late=in_percent(default_rate(found.rate)),
            form=form,
        )
