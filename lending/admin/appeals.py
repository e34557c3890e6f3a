"""Appeals against refusals, and the page on which someone who did not refuse answers them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import ReadOnlyAdmin
from core.wording import instant
from lending.admin import case, pages
from lending.admin.forms import AppealForm
from lending.models import Appeal, AppealOutcome
from lending.selectors.requests import refusal_of
from lending.services.appeals import answer_appeal


@admin.register(Appeal)
class AppealAdmin(ReadOnlyAdmin):
    """Every appeal, the open ones first and by their deadline."""

    list_display = ("request", "outcome_shown", "asked_at", "answer_by", "reviewer")
    list_filter = ("outcome",)
    list_select_related = ("request", "reviewer")
    search_fields = ("request__title", "request__borrower__email")
    ordering = ("outcome", "answer_by")

    @display(
        description=_("outcome"),
        label={
            AppealOutcome.UPHELD.label: "danger",
            AppealOutcome.REOPENED.label: "success",
        },
        empty_value=_("open"),
    )
    def outcome_shown(self, appeal: Appeal) -> str | None:
        """What came of it, or that it is open."""
        return appeal.get_outcome_display() or None

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The applicant's view, the refusal, and the form of the answer."""
        pages.require(request, "lending.view_appeal")
        wanted = int(object_id) if object_id.isdigit() else 0
        appeals = Appeal.objects.select_related("request", "assessment", "reviewer")
        found = appeals.filter(pk=wanted).first()
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = None if found.outcome else AppealForm()
        if request.method == "POST" and form is not None:
            pages.require(request, pages.MAY_DECIDE)
            form = AppealForm(request.POST)
            given: dict[str, Any] = {
                "reviewer": pages.staff_of(request),
                "appeal_id": found.pk,
                "at": clock.now(),
            }
            said = _("Your answer is on its way to the borrower.")
            if pages.done(request, form, lambda **data: answer_appeal(**given, **data), said):
                return HttpResponseRedirect(reverse("admin:lending_appeal_changelist"))
        may_decide = request.user.has_perm(pages.MAY_DECIDE)
        refusal = refusal_of(found.request)
        return pages.page(
            self.admin_site,
            request,
            "admin/lending/appeal.html",
            str(found.request),
            model=Appeal,
            appeal=found,
            asked_at=instant(found.asked_at),
            answered_at=instant(found.answered_at) if found.answered_at else "",
            form=form if may_decide else None,
            refusal=refusal,
            refusals=case.refusals(refusal.reasons if refusal else found.assessment.refusals),
            reasons=case.reasons(found.assessment),
        )
