"""The provider's books beside ours: daily statements, their lines, and what differs."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core import clock
from core.admin import EMPTY, ReadOnlyAdmin, in_euro
from core.wording import day
from lending.admin import pages
from payments.models import Difference, DifferenceKind, ProviderLine, ProviderStatement
from payments.selectors import as_told, entry_of_line, open_differences

_LINES: Final = "admin:payments_providerline_changelist"


@admin.register(ProviderStatement)
class ProviderStatementAdmin(ReadOnlyAdmin):
    """One statement of the provider's books for each business day."""

    list_display = (
        "business_on",
        "opening_cents",
        "lines_count",
        "fee_cents",
        "closing_cents",
        "own_cents",
        "differences",
    )
    ordering = ("-business_on",)

    @display(description=_("open differences"), ordering="differences_count", label=True)
    def differences(self, statement: ProviderStatement) -> str:
        """How many differences were open when the day closed."""
        return str(statement.differences_count or EMPTY)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A statement: each figure with a way to its lines, ours beside it, and what differs."""
        pages.require(request, "payments.view_providerstatement")
        statement = self.get_object(request, object_id)
        if statement is None:
            raise Http404
        different = as_told(open_differences(), clock.business_date())[:_MOST]
        return pages.page(
            self.admin_site,
            request,
            "admin/payments/statement.html",
            day(statement.business_on),
            model=ProviderStatement,
            statement=_written(statement),
            rows=[_row(row) for row in statement.rows.order_by("kind")],
            differences=[difference_row(row) for row in different],
            all_lines=f"{reverse(_LINES)}?statement__id__exact={statement.pk}",
        )


def _written(statement: ProviderStatement) -> dict[str, Any]:
    """The figures of a statement as people write them."""
    reported, computed = statement.reported_cents, statement.closing_cents + statement.later_cents
    gap = (reported or 0) - statement.own_cents
    return {
        "opening": in_euro(statement.opening_cents),
        "amount": in_euro(statement.amount_cents),
        "fee": in_euro(-statement.fee_cents),
        "closing": in_euro(statement.closing_cents),
        "later": in_euro(statement.later_cents) if statement.later_cents else "",
        "reported": in_euro(reported),
        "is_computed": reported is None or reported == computed,
        "own": in_euro(statement.own_cents),
        "gap": in_euro(gap),
        "agrees": gap == 0,
        "suspense": in_euro(statement.suspense_cents),
        "count": statement.lines_count,
    }


def _row(row: Any) -> dict[str, Any]:
    agrees = (row.lines_count, row.amount_cents, row.fee_cents) == (
        row.own_count,
        row.own_amount_cents,
        row.own_fee_cents,
    )
    query = f"?statement__id__exact={row.statement_id}&kind__exact={row.kind}"
    return {
        "kind": row.kind,
        "link": reverse(_LINES) + query,
        "count": row.lines_count,
        "amount": in_euro(row.amount_cents),
        "fee": in_euro(row.fee_cents),
        "own_count": row.own_count,
        "own_amount": in_euro(row.own_amount_cents),
        "own_fee": in_euro(row.own_fee_cents),
        "agrees": agrees,
    }


def difference_row(row: Difference) -> dict[str, Any]:
    """An open difference with its age, as people write it."""
    return {
        "kind": row.get_kind_display(),
        "subject": row.subject,
        "note": in_words(row),
        "expected": in_euro(row.expected_cents),
        "found": in_euro(row.found_cents),
        "since": day(row.seen_on),
        "days": age_days(row),
        "link": reverse("admin:payments_difference_change", args=[row.pk]),
    }


def in_words(row: Difference) -> Any:
    """What a difference (see `as_told`) means; details without words are as they were noted."""
    if row.is_held:  # type: ignore[attr-defined]
        return _("None of our rows names this line. Its money is held in suspense.")
    if row.kind == DifferenceKind.TOTAL:
        return _TOTALS.get(row.subject, row.note)
    return _WORDS.get(row.kind, row.note)


def age_days(row: Difference) -> int:
    """How many days a difference (see `as_told`) has been open, or was until it was gone."""
    return ((row.gone_on or row.told_on) - row.seen_on).days  # type: ignore[attr-defined, no-any-return]


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    """Differences between the two books; open ones first, the oldest on top."""

    labels: ClassVar = {"expected_cents": _("in our books"), "found_cents": _("at the provider")}
    list_display = (
        "label",
        "subject",
        "expected_cents",
        "found_cents",
        "seen_on",
        "age",
        "gone_on",
    )
    list_filter = (("gone_on", admin.EmptyFieldListFilter), "kind")
    search_fields = ("subject", "transaction_id")
    ordering = ("gone_on", "seen_on", "id")
    fields: ClassVar = (
        "kind",
        "subject",
        "expected_cents",
        "found_cents",
        "words",
        "note",
        "seen_on",
        "age",
        "last_seen_at",
        "gone_on",
        "where",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Difference]:
        """Each with what telling of it takes."""
        return as_told(super().get_queryset(request), clock.business_date())

    @display(description=_("kind"), ordering="kind")
    def label(self, row: Difference) -> str:
        """In what the books differ."""
        return row.get_kind_display()

    @display(description=_("days"))
    def age(self, row: Difference) -> str:
        """How long it has been open."""
        return str(age_days(row))

    @display(description=_("meaning"))
    def words(self, row: Difference) -> str:
        """What it means."""
        return str(in_words(row)) or EMPTY

    @display(description=_("Go on with"))
    def where(self, row: Difference) -> str:
        """The line, and the money that is held for it."""
        line = ProviderLine.objects.filter(transaction_id=row.transaction_id or "-").first()
        if line is None:
            return EMPTY
        held = getattr(line, "suspense", None)
        if held is not None:
            address = reverse("admin:payments_suspenseitem_change", args=[held.pk])
            return format_html('<a href="{}">{}</a>', address, _("Money in suspense"))
        address = reverse("admin:payments_providerline_change", args=[line.pk])
        return format_html('<a href="{}">{}</a>', address, line)


@admin.register(ProviderLine)
class ProviderLineAdmin(ReadOnlyAdmin):
    """Every line of the provider's books about our balance."""

    list_display = (
        "transaction_id",
        "kind",
        "booked_on",
        "amount_cents",
        "fee_cents",
        "net_cents",
        "agreed_on",
        "statement",
    )
    list_filter = ("kind", ("agreed_on", admin.EmptyFieldListFilter), "booked_on")
    list_select_related = ("statement",)
    search_fields = ("transaction_id", "source_id")
    search_help_text = _("Line, payment, transfer or payout of the provider")
    ordering = ("-booked_on", "-id")
    fields: ClassVar = (
        "transaction_id",
        "kind",
        "source_id",
        "amount_cents",
        "fee_cents",
        "net_cents",
        "created_at",
        "available_on",
        "statement",
        "agreed_on",
        "ours",
        "read_at",
        "now_says",
        "is_gone",
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Statements link to their lines."""
        if lookup == "statement__id__exact":
            return True
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
        return allowed

    @display(description=_("in our books"))
    def ours(self, line: ProviderLine) -> str:
        """The row of ours that names it, with its entry."""
        reference, entry_id = entry_of_line(line.transaction_id)
        if entry_id is None:
            return reference or EMPTY
        address = reverse("admin:ledger_entry_change", args=[entry_id])
        return format_html('<a href="{}">{}</a>', address, reference)


_MOST: Final = 100
_TOTALS: Final = {
    "provider": _("The balance that the provider reports is not that of our books."),
    "lines": _("The balance that the provider reports is not the sum of its lines."),
}
_WORDS: Final = {
    DifferenceKind.MISSING: _("The provider does not list what our row names."),
    DifferenceKind.EXTRA: _("None of our rows names this line."),
    DifferenceKind.DOUBLE: _("The same was booked twice."),
}
