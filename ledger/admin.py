"""The books, to look at: accounts with their balances, entries with their moves."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import DayInput, ReadOnlyAdmin, ReadOnlyInline, in_euro
from core.wording import day
from ledger.as_of import Line, statement
from ledger.chart import EntryKind, Role
from ledger.models import Account, ChainCheck, Entry, Seal, Transfer


class AsOfForm(forms.Form):
    """The day that a balance is asked for."""

    on = forms.DateField(label=_("Balance at the end of"), widget=DayInput)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Every account; the holder is a person, a loan, or 0 for the platform itself."""

    labels: ClassVar = {"balance_cents": _("balance")}
    list_display = ("role", "holder_id", "side", "balance_cents", "may_overdraw")
    list_filter = ("role",)
    search_fields = ("=holder_id",)
    search_help_text = _("Number of a person or a loan")
    ordering = ("role", "holder_id")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The balance on any day, with the last moves until then."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        if not self.has_view_permission(request, account):
            raise PermissionDenied
        form = AsOfForm(request.GET if "on" in request.GET else None)
        today = clock.business_date()
        on = form.cleaned_data["on"] if form.is_bound and form.is_valid() else today
        balance, lines = statement(account.pk, on=on, most=_LINES)
        context = self.admin_site.each_context(request) | {
            "title": account,
            "name": f"{account.get_role_display()} {account.holder_id or ''}".strip(),
            "opts": self.model._meta,
            "form": form if form.is_bound else AsOfForm(initial={"on": today}),
            "on": day(on),
            "balance": in_euro(balance),
            "present": in_euro(account.balance_cents),
            "lines": [_written(line) for line in lines],
            "most": _LINES if len(lines) == _LINES else 0,
        }
        return TemplateResponse(request, "admin/ledger/account.html", context)


def _written(line: Line) -> dict[str, Any]:
    """A line of a statement, as people write it."""
    return {
        "entry_id": line.entry_id,
        "reference": line.reference,
        "kind": EntryKind(line.kind).label,
        "on": day(line.effective_on),
        "other": f"{Role(line.other_role).label} {line.other_holder_id or ''}".strip(),
        "amount": in_euro(line.cents),
        "balance": in_euro(line.balance_cents),
    }


class TransferInline(ReadOnlyInline):
    """The moves of an entry."""

    model = Transfer
    labels: ClassVar = {"cents": _("amount")}
    fields = ("debit", "credit", "cents")
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        """Moves with both of their accounts."""
        return super().get_queryset(request).select_related("debit", "credit")


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Every event of money, found by its reference."""

    list_display = ("reference", "kind", "effective_on", "moved", "posted_at")
    list_filter = ("kind", "effective_on")
    search_fields = ("reference",)
    search_help_text = _("Reference, such as disbursement:L-17")
    ordering = ("-id",)
    inlines = (TransferInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """Entries with the sum of their moves."""
        return super().get_queryset(request).annotate(cents=Sum("transfers__cents"))

    @display(description=_("moved in all"))
    def moved(self, entry: Entry) -> str:
        """The sum of the entry's moves."""
        return in_euro(entry.cents)  # type: ignore[attr-defined]


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """What ties the books to what they were: a digest for each stretch of rows."""

    list_display = ("number", "chain", "sealed_at", "rows", "first_id", "last_id", "begins")
    list_filter = ("chain",)
    ordering = ("-sealed_at", "chain", "-number")

    @display(description=_("digest"))
    def begins(self, seal: Seal) -> str:
        """The digest's first letters."""
        return f"{seal.digest[:_DIGEST_LETTERS]}…"


@admin.register(ChainCheck)
class ChainCheckAdmin(ReadOnlyAdmin):
    """Whether the books were still as they were sealed, each time that they were recounted."""

    list_display = ("checked_at", "holds", "seals", "differences", "first_difference")
    ordering = ("-id",)

    @display(description=_("as sealed"), boolean=True)
    def holds(self, check: ChainCheck) -> bool:
        """Whether nothing was found."""
        return not check.differences


_LINES: Final = 50
_DIGEST_LETTERS: Final = 16
