"""The inbox of webhooks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.states import EventStatus


class WebhookEvent(models.Model):
    """One event as the provider sent it. It only says where to look: the object is fetched."""

    event_id = models.CharField(_("event"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=80)
    account = models.CharField(_("account"), max_length=80, blank=True)
    object_id = models.CharField(_("object"), max_length=80, blank=True)
    api_version = models.CharField(max_length=80, blank=True)
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
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
