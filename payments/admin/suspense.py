"""Money in suspense: one member of staff says what it is, another approves it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import User
from core import clock
from core.admin import EMPTY, ReadOnlyAdmin, in_euro
from core.wording import day, instant
from lending.admin import pages
from lending.admin.forms import ActForm
from payments.admin.forms import ProposeForm, SettleForm, TurnDownForm
from payments.models import SuspenseItem
from payments.services import suspense
from payments.services.provider_statements import MAY_SETTLE
from payments.states import SuspenseStatus


@admin.register(SuspenseItem)
class SuspenseItemAdmin(ReadOnlyAdmin):
    """Lines that nobody could explain, and what they turned out to be."""

    list_display = ("line", "line_kind", "cents_shown", "held_on", "age", "state", "cause")
    list_filter = ("status", "cause")
    list_select_related = ("line",)
    search_fields = ("line__transaction_id", "line__source_id")
    ordering = ("-status", "held_on", "id")

    @display(description=_("type"))
    def line_kind(self, item: SuspenseItem) -> str:
        """The provider's type of the line."""
        return item.line.kind

    @display(description=_("amount"), ordering="cents")
    def cents_shown(self, item: SuspenseItem) -> str:
        """What it did to our balance."""
        return in_euro(item.cents)

    @display(description=_("days"))
    def age(self, item: SuspenseItem) -> str:
        """How long it has been held, or was."""
        return str(_days(item))

    @display(
        description=_("status"),
        label={"open": "danger", "proposed": "warning", "settled": "success"},
    )
    def state(self, item: SuspenseItem) -> Any:
        """How far it is."""
        return item.status, item.get_status_display()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One line in suspense, and what this member of staff may do with it."""
        pages.require(request, "payments.view_suspenseitem")
        item = self.get_object(request, object_id)
        if item is None:
            raise Http404
        staff = pages.staff_of(request)
        forms = _forms_of(request, item, staff)
        if request.method == "POST":
            pages.require(request, MAY_SETTLE)
            form = forms.get(request.POST.get("act", ""))
            if form and pages.done(request, form, _act(item, form, staff), _SAID[form.act]):
                return HttpResponseRedirect(
                    reverse("admin:payments_suspenseitem_change", args=[item.pk])
                )
        return pages.page(
            self.admin_site,
            request,
            "admin/payments/suspense.html",
            item.line.transaction_id,
            model=SuspenseItem,
            item=item,
            amount=in_euro(item.cents),
            facts=_facts(item),
            forms=forms,
            is_own=item.proposed_by_id == staff.pk,
        )


def _forms_of(request: HttpRequest, item: SuspenseItem, staff: User) -> dict[str, ActForm]:
    """What may be done now; the form that was sent is filled in."""
    if not request.user.has_perm(MAY_SETTLE):
        return {}
    kinds: tuple[type[ActForm], ...] = ()
    if item.status == SuspenseStatus.OPEN:
        kinds = (ProposeForm,)
    elif item.status == SuspenseStatus.PROPOSED:
        kinds = (TurnDownForm,) if item.proposed_by_id == staff.pk else (SettleForm, TurnDownForm)
    sent = request.POST.get("act") if request.method == "POST" else None
    return {kind.act: kind(request.POST if sent == kind.act else None) for kind in kinds}


def _act(item: SuspenseItem, form: ActForm, staff: User) -> Any:
    given: dict[str, Any] = {"staff": staff, "item_id": item.pk, "at": clock.now()}
    if form.act == "propose":
        return lambda **data: suspense.propose(**given, **data)
    if form.act == "settle":
        return lambda **data: suspense.settle(on=clock.business_date(), **given, **data)
    return lambda **data: suspense.turn_down(**given, **data)


def _facts(item: SuspenseItem) -> list[dict[str, Any]]:
    line = item.line
    facts = [
        (_("The provider's line"), _link("payments_providerline", line.pk, line)),
        (_("The entry that holds it"), _link("ledger_entry", item.entry_id, item.reference)),
        (_("Type"), line.kind),
        (_("About"), line.source_id or EMPTY),
        (_("Amount"), in_euro(line.amount_cents)),
        (_("Charge"), in_euro(line.fee_cents)),
        (_("Booked there at"), instant(line.created_at)),
        (_("Held since"), day(item.held_on)),
        (_("Days"), _days(item)),
        (_("Status"), item.get_status_display()),
    ]
    if item.cause:
        facts += [
            (_("Cause"), item.get_cause_display()),
            (_("How it is known"), item.note),
            (_("Proposed by"), item.proposed_by or EMPTY),
        ]
    if item.person:
        facts.append((_("Person"), item.person))
    if item.settled_at:
        facts += [
            (_("Approved by"), item.decided_by or EMPTY),
            (_("Settled at"), instant(item.settled_at)),
        ]
    return [{"label": label, "value": value} for label, value in facts]


def _link(name: str, pk: int, words: object) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{name}_change", args=[pk]), words)


def _days(item: SuspenseItem) -> int:
    until = clock.day_of(item.settled_at) if item.settled_at else clock.business_date()
    return (until - item.held_on).days


_SAID = {
    "propose": _("Your proposal waits for a second person."),
    "settle": _("The money is booked to its cause."),
    "turn_down": _("It is open again."),
}
