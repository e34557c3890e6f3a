"""The refund: a pay-in that goes back, in part or whole, to whoever paid it."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.pay_ins import PayIn
from payments.states import RefundStatus


class Refund(models.Model):
    """Asked for by staff; the money waits outside the wallet until the provider has taken it."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pay_in = models.ForeignKey(PayIn, on_delete=models.PROTECT, related_name="refunds")
    amount_cents = models.BigIntegerField(_("amount"))
    status = models.CharField(
        _("status"), max_length=10, choices=RefundStatus, default=RefundStatus.REQUESTED
    )
    refund_id = models.CharField(max_length=80, blank=True, db_index=True)
    transaction_id = models.CharField(max_length=80, blank=True)
    failure_id = models.CharField(max_length=80, blank=True)
    failure_code = models.CharField(_("reason"), max_length=80, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    why = models.CharField(_("why"), max_length=400)
    request_key = models.UUIDField(default=uuid4, unique=True, editable=False)
    asked_at = models.DateTimeField(_("asked for at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RefundStatus.values), name="payments_refund_status"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payments_refund_amount"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def reference(self) -> str:
        """The name of the entry with which it left."""
        return f"refund:{self.uuid}"
