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


class ShardStatus(models.TextChoices):
    """Whether a shard is still to be done; who is at it says its advisory lock."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done")


class DayEndShard(models.Model):
    """A range of keys of one step of one day end, done by one worker at a time."""

    run = models.ForeignKey(DayEndRun, on_delete=models.PROTECT, related_name="shards")
    step = models.CharField(_("step"), max_length=120)
    number = models.PositiveIntegerField(_("number"))
    first_key = models.BigIntegerField(_("from"))
    last_key = models.BigIntegerField(_("to"))
    keys_count = models.PositiveIntegerField(_("how many"))
    status = models.CharField(
        _("status"), max_length=4, choices=ShardStatus, default=ShardStatus.OPEN
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)

    class Meta:
        verbose_name = _("shard of a day end")
        verbose_name_plural = _("shards of day ends")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step", "number"], name="core_day_end_shard_once"
            ),
            models.CheckConstraint(
                condition=Q(first_key__lte=F("last_key"), keys_count__gte=1),
                name="core_day_end_shard_range",
            ),
            models.CheckConstraint(
                condition=Q(status="open", finished_at__isnull=True)
                | Q(status="done", finished_at__gte=F("started_at")),
                name="core_day_end_shard_is_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.step} {self.number}"
