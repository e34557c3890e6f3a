"""The dispute: a payment that the payer's bank contests, and what the provider booked for it."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.collections import Collection
from payments.models.pay_ins import PayIn
from payments.states import DISPUTE_ANSWERABLE, DISPUTE_OPEN, DisputeStatus


class Dispute(models.Model):
    """One dispute of a debited instalment or of a pay-in; `word` is the provider's own status."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    provider_id = models.CharField(_("provider's id"), max_length=80, unique=True)
    payment_id = models.CharField(max_length=80, db_index=True)
    collection = models.ForeignKey(
        Collection, on_delete=models.PROTECT, related_name="disputes", null=True, blank=True
    )
    pay_in = models.ForeignKey(
        PayIn, on_delete=models.PROTECT, related_name="disputes", null=True, blank=True
    )
    amount_cents = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=80)
    word = models.CharField(_("provider's word"), max_length=80)
    status = models.CharField(_("status"), max_length=16, choices=DisputeStatus)
    opened_at = models.DateTimeField(_("opened at"))
    due_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    has_evidence = models.BooleanField(_("evidence handed in"), default=False)
    evidence = models.TextField(_("our answer"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("answered by"),
    )
    decided_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        indexes = [
            models.Index(
                fields=["id"], condition=Q(status__in=DISPUTE_OPEN), name="payments_dispute_open"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=DisputeStatus.values), name="payments_dispute_status"
            ),
            models.CheckConstraint(
                condition=Q(collection__isnull=True, pay_in__isnull=False)
                | Q(collection__isnull=False, pay_in__isnull=True),
                name="payments_dispute_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.provider_id

    @property
    def is_answerable(self) -> bool:
        """Whether the payer's bank still takes our side of the story."""
        return self.status in DISPUTE_ANSWERABLE and not self.has_evidence


class DisputeLine(models.Model):
    """One line of the provider's books for a dispute: money that left (negative) or came again."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="lines")
    transaction_id = models.CharField(max_length=80, unique=True)
    amount_cents = models.BigIntegerField(_("amount"))
    fee_cents = models.BigIntegerField(_("provider's charge"), default=0)
    reference = models.CharField(max_length=80, unique=True)
    booked_on = models.DateField(_("booked on"))

    class Meta:
        verbose_name = _("booking of a dispute")
        verbose_name_plural = _("bookings of disputes")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.reference
