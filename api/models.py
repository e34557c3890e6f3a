"""What the API remembers by itself: answers to acts that must not happen twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """One act of one person under a key of theirs, with the answer that it was given.

    Written in the transaction of the act itself: the one is kept if and only if the other is.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="idempotency_records"
    )
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        indexes = [models.Index(fields=["created_at"], name="api_idempotency_age")]
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="api_idempotency_key_once"),
            models.CheckConstraint(
                condition=Q(status__isnull=True) | Q(status__gte=200, status__lt=500),
                name="api_idempotency_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.key}"
