"""Payments, to look at: what was asked of the provider, what it reported, what moved."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from payments.models import (
    CapitalPayment,
    Collection,
    PayIn,
    Payout,
    ProviderOperation,
    WebhookEvent,
)


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


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    """Debits of instalments."""

    labels: ClassVar = {"amount_cents": _("amount"), "fee_cents": _("provider's charge")}
    list_display = ("uuid", "instalment", "number", "amount_cents", "status", "target_on")
    list_filter = ("status", "failure_code", "target_on")
    list_select_related = ("instalment",)
    search_fields = ("instalment__loan__number", "payment_id")
    ordering = ("-id",)


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

    list_display = ("key", "kind", "subject", "status", "reason", "created_at", "finished_at")
    list_filter = ("status", "kind")
    search_fields = ("uuid", "subject", "provider_id")
    ordering = ("-id",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """Every event that the provider sent."""

    list_display = ("event_id", "kind", "object_id", "status", "tries", "error", "received_at")
    list_filter = ("status", "kind")
    search_fields = ("event_id", "object_id")
    ordering = ("-id",)
