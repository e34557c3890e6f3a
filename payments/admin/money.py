"""Payments, to look at: what was asked of the provider, what it reported, what moved."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin import EMPTY, ReadOnlyAdmin
from core.wording import day
from payments.admin.refunds import MAY_REFUND
from payments.models import (
    CapitalPayment,
    Collection,
    PayIn,
    Payout,
    ProviderOperation,
    WebhookEvent,
)
from payments.retries import next_try_on, why
from payments.states import CollectionStatus

_FAILED: Final = (CollectionStatus.FAILED, CollectionStatus.TAKEN_BACK)


@admin.register(PayIn)
class PayInAdmin(ReadOnlyAdmin):
    """Lenders' money on its way in."""

    labels: ClassVar = {"amount_cents": _("amount"), "fee_cents": _("provider's charge")}
    list_display = (
        "uuid",
        "lender",
        "amount_cents",
        "method",
        "status",
        "created_at",
        "returned_on",
    )
    list_filter = ("status", "method", "returned_on")
    search_fields = ("lender__email", "payment_id", "session_id")
    exclude = ("url",)
    ordering = ("-id",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """All fields, and the way to send the money back."""
        own = ["give_back"] if obj and request.user.has_perm(MAY_REFUND) else []
        return own + super().get_fields(request, obj)

    @admin.display(description=_("give back"))
    def give_back(self, pay_in: PayIn) -> str:
        """A link to the page on which it is asked for."""
        where = reverse("admin:payments_refund_for", args=[pay_in.pk])
        return format_html('<a class="desk-good" href="{}">{}</a>', where, _("Give it back"))


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    """Debits of instalments."""

    labels: ClassVar = {"amount_cents": _("amount"), "fee_cents": _("provider's charge")}
    list_display = (
        "uuid",
        "instalment",
        "number",
        "amount_cents",
        "status",
        "target_on",
        "reason",
        "again",
    )
    list_filter = ("status", "failure_code", "target_on")
    list_select_related = ("instalment",)
    search_fields = ("instalment__loan__number", "payment_id")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        """Debits with the number of the newest attempt at the same instalment."""
        others = Collection.objects.filter(instalment=OuterRef("instalment")).order_by("-number")
        rows: QuerySet[Collection] = super().get_queryset(request)
        return rows.annotate(newest=Subquery(others.values("number")[:1]))

    @display(description=_("reason"), ordering="failure_code")
    def reason(self, collection: Collection) -> Any:
        """Why it failed, in words."""
        return why(collection.failure_code) or EMPTY

    @display(description=_("sent again on"))
    def again(self, collection: Collection) -> str:
        """The day of the next attempt, while the instalment is unpaid."""
        failed_on = collection.returned_on or collection.settled_on
        if collection.status not in _FAILED or collection.instalment.paid_on or failed_on is None:
            return EMPTY
        if collection.number < collection.newest:  # type: ignore[attr-defined]
            return EMPTY
        sent_on = next_try_on(collection.number, failed_on)
        return day(sent_on) if sent_on else _("no more")


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    """Money on its way to people's banks."""

    labels: ClassVar = {"amount_cents": _("amount")}
    list_display = ("uuid", "kind", "person", "loan", "amount_cents", "status", "requested_at")
    list_filter = ("kind", "status")
    list_select_related = ("person", "loan")
    search_fields = ("person__email", "loan__number", "transfer_id", "payout_id")
    ordering = ("-id",)


@admin.register(CapitalPayment)
class CapitalPaymentAdmin(ReadOnlyAdmin):
    """The operator's own money."""

    labels: ClassVar = {"amount_cents": _("amount")}
    list_display = ("uuid", "amount_cents", "status", "created_at", "confirmed_at")
    list_filter = ("status",)
    ordering = ("-id",)


@admin.register(ProviderOperation)
class ProviderOperationAdmin(ReadOnlyAdmin):
    """Every request to the provider, with what came of it."""

    list_display = ("key_sent", "kind", "subject", "status", "reason", "created_at", "finished_at")
    list_filter = ("status", "kind")
    search_fields = ("uuid", "subject", "provider_id")
    ordering = ("-id",)

    @admin.display(description=_("idempotency key"))
    def key_sent(self, row: ProviderOperation) -> str:
        """What keeps the provider from doing the same request twice."""
        return row.key


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """Every event that the provider sent."""

    list_display = ("event_id", "kind", "object_id", "status", "tries", "error", "received_at")
    list_filter = ("status", "kind")
    search_fields = ("event_id", "object_id")
    ordering = ("-id",)
