"""Offers, spares and mandates, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin import ReadOnlyAdmin
from lending.models import Mandate, Offer, Spare
from lending.states import MandateStatus, OfferStatus, SpareStatus


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """Reserved money, by hand and by mandate."""

    list_display = (
        "placed_at",
        "lender",
        "request",
        "source",
        "amount_cents",
        "status_shown",
        "firm_on",
    )
    list_filter = ("status", "source")
    list_select_related = ("lender", "request")
    search_fields = ("lender__email", "request__title")
    ordering = ("-placed_at", "-id")

    @display(
        description=_("status"),
        ordering="status",
        label={OfferStatus.OPEN.label: "info", OfferStatus.CONVERTED.label: "success"},
    )
    def status_shown(self, offer: Offer) -> str:
        """Where it stands."""
        return offer.get_status_display()


@admin.register(Spare)
class SpareAdmin(ReadOnlyAdmin):
    """The lines behind full requests."""

    list_display = ("placed_at", "lender", "request", "amount_cents", "status_shown", "closed_at")
    list_filter = ("status", "source")
    list_select_related = ("lender", "request")
    search_fields = ("lender__email", "request__title")
    ordering = ("-placed_at", "-id")

    @display(
        description=_("status"),
        ordering="status",
        label={SpareStatus.WAITING.label: "info", SpareStatus.MOVED_UP.label: "success"},
    )
    def status_shown(self, spare: Spare) -> str:
        """Where it stands."""
        return spare.get_status_display()


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    """Standing orders of lenders."""

    list_display = (
        "name",
        "lender",
        "status_shown",
        "priority",
        "min_rate",
        "max_per_loan_cents",
        "reserve_cents",
        "end_on",
    )
    list_filter = ("status",)
    list_select_related = ("lender",)
    search_fields = ("lender__email", "name")
    ordering = ("-id",)

    @display(
        description=_("status"),
        ordering="status",
        label={MandateStatus.ACTIVE.label: "success", MandateStatus.PAUSED.label: "warning"},
    )
    def status_shown(self, mandate: Mandate) -> str:
        """Where it stands."""
        return mandate.get_status_display()
