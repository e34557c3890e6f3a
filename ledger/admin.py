"""The books, to look at: accounts with their balances, entries with their moves."""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin import ReadOnlyAdmin, ReadOnlyInline, in_euro
from ledger.models import Account, ChainCheck, Entry, Seal, Transfer


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Every account; the holder is a person, a loan, or 0 for the platform itself."""

    labels: ClassVar = {"balance_cents": _("balance")}
    list_display = ("role", "holder_id", "side", "balance_cents", "may_overdraw")
    list_filter = ("role",)
    search_fields = ("=holder_id",)
    search_help_text = _("Number of a person or a loan")
    ordering = ("role", "holder_id")


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


_DIGEST_LETTERS: Final = 16
