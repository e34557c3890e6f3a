"""The inbox of webhooks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.states import EventSource, EventStatus


class WebhookEvent(models.Model):
    """One event as the provider sent it. It only says where to look: the object is fetched.

    `twin_id` is the snapshot event of the same news, where a thin event names one.
    """

    event_id = models.CharField(_("event"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=80)
    account = models.CharField(_("account"), max_length=80, blank=True)
    object_id = models.CharField(_("object"), max_length=80, blank=True)
    api_version = models.CharField(max_length=80, blank=True)
    source = models.CharField(
        _("came as"), max_length=10, choices=EventSource, default=EventSource.SNAPSHOT
    )
    twin_id = models.CharField(max_length=80, blank=True, db_index=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"))
    status = models.CharField(
        _("status"), max_length=10, choices=EventStatus, default=EventStatus.RECEIVED
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("event of the provider")
        verbose_name_plural = _("events of the provider")
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(status=EventStatus.RECEIVED),
                name="payments_event_waiting",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=EventStatus.values), name="payments_event_status"
            ),
            models.CheckConstraint(
                condition=Q(source__in=EventSource.values), name="payments_event_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class EventMark(models.Model):
    """Up to which instant the provider's list of an account's events was read; "" is our own.

    Thin events have a list of their own, and so a mark of their own (`account` is then "thin").
    """

    account = models.CharField(max_length=80, unique=True)
    read_until = models.DateTimeField()
    looked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["looked_at"], name="payments_event_mark_looked")]

    def __str__(self) -> str:
        return f"{self.account} {self.read_until}"
