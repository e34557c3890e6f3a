"""Loans that day end set aside: what stopped them, and the button that tries again."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import ReadOnlyAdmin
from core.wording import day, instant
from lending.admin import pages
from lending.models import SetAside
from lending.services.servicing import run_again

MAY_RUN: Final = "lending.change_setaside"

STEPS: Final = {
    "note_dues": _("Announce what falls due"),
    "charge_late_loans": _("Charge default interest"),
    "age_loans": _("Say what is late, declare defaults"),
    "walk": _("Remind and close cases of arrears"),
    "leave_default": _("End defaults"),
}


def step_in_words(name: str) -> str:
    """What an act of a loan's day does; its own name where it is new here."""
    return str(STEPS.get(name.rsplit(".", 1)[-1], name))


@admin.register(SetAside)
class SetAsideAdmin(ReadOnlyAdmin):
    """Every loan that was set aside, those that still wait first."""

    list_display = ("loan", "business_date", "step_shown", "error", "tries", "at", "state_shown")
    list_filter: ClassVar = [("resolved_at", admin.EmptyFieldListFilter)]
    list_select_related = ("loan",)
    search_fields = ("loan__number",)
    ordering = ("-resolved_at", "-id")

    @display(description=_("step"), ordering="step")
    def step_shown(self, row: SetAside) -> str:
        """The step in words."""
        return step_in_words(row.step)

    @display(
        description=_("state"),
        label={str(_("waits")): "danger", str(_("went through")): "success"},
    )
    def state_shown(self, row: SetAside) -> str:
        """Whether it still waits."""
        return str(_("went through") if row.resolved_at else _("waits"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What stopped the loan, and the button."""
        pages.require(request, "lending.view_setaside")
        wanted = int(object_id) if object_id.isdigit() else 0
        row = SetAside.objects.select_related("loan", "resolved_by").filter(pk=wanted).first()
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if request.method == "POST" and row.resolved_at is None:
            pages.require(request, MAY_RUN)
            return self._run(request, row)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/set_aside.html",
            _("Loan %(number)s was set aside") % {"number": row.loan.number},
            model=SetAside,
            row=row,
            step=step_in_words(row.step),
            day=day(row.business_date),
            tried=instant(row.at),
            resolved=instant(row.resolved_at) if row.resolved_at else "",
            loan_link=reverse("admin:lending_loan_change", args=[row.loan_id]),
            may_run=row.resolved_at is None and request.user.has_perm(MAY_RUN),
        )

    def _run(self, request: HttpRequest, row: SetAside) -> HttpResponse:
        staff = pages.staff_of(request)
        if run_again(staff=staff, set_aside_id=row.pk, at=clock.now()):
            messages.success(request, _("The loan has caught up with the closed days."))
        else:
            messages.error(request, _("The loan stopped again. What stopped it stands below."))
        return HttpResponseRedirect(request.path)
