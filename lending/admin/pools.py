"""Runs of the grade pools, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import ReadOnlyAdmin, ReadOnlyInline
from lending.models import PoolBooking, PoolRun


class PoolBookingInline(ReadOnlyInline):
    """What the run did with each claim."""

    model = PoolBooking
    fields = (
        "holding",
        "owed_cents",
        "received_cents",
        "target_cents",
        "booking_cents",
        "delta_cents",
    )
    ordering = ("id",)
    per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[PoolBooking]:
        """Lines with their claims."""
        return super().get_queryset(request).select_related("holding")


@admin.register(PoolRun)
class PoolRunAdmin(ReadOnlyAdmin):
    """Every version of every month of every pool."""

    list_display = (
        "month",
        "grade",
        "term_months",
        "version",
        "due_cents",
        "received_cents",
        "run_on",
    )
    list_filter = ("grade", "term_months")
    ordering = ("-month", "grade", "term_months", "-version")
    inlines = (PoolBookingInline,)
