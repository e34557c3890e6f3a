"""A row per message to a person; a task sends it, pages show it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One message. Its words are written when it is shown or sent, in the reader's language.

    `send_from` is the earliest instant of the next attempt to send it; None once it was sent, or
    given up after too many attempts.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages"
    )
    kind = models.CharField(_("kind"), max_length=40)
    facts = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(_("written at"))
    send_from = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["person", "-created_at"], name="notifications_of_person"),
            models.Index(
                fields=["send_from", "id"],
                condition=Q(send_from__isnull=False),
                name="notifications_unsent",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(send_from__isnull=True),
                name="notifications_sent_once",
            )
        ]

    def __str__(self) -> str:
        return self.key
