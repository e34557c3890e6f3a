"""Rows that every app needs: the market's day, the audit trail, runs of day end."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class MarketDay(models.Model):
    """The business date; a single row."""

    ONLY: Final = 1

    business_date = models.DateField()
    is_virtual = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="core_market_day_is_single"),
        ]

    def __str__(self) -> str:
        return str(self.business_date)


class AuditRow(models.Model):
    """One act on one thing. A trigger refuses to change or delete it."""

    subject = models.CharField(max_length=80)
    action = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True, blank=True)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("audit row")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["subject", "id"], name="core_audit_subject"),
            models.Index(fields=["at"], name="core_audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.action}"


class DayEndRun(models.Model):
    """The closing of one business date, step by step."""

    business_date = models.DateField(unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("day end")
        verbose_name_plural = _("day ends")
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=F("started_at")),
                name="core_day_end_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return str(self.business_date)


class DayEndStep(models.Model):
    """One step of one day end, with what it did."""

    run = models.ForeignKey(DayEndRun, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=120)
    finished_at = models.DateTimeField()
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("day end step")
        verbose_name_plural = _("day end steps")
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="core_day_end_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.name}"
