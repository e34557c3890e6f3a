"""The operator's own money at the provider, out of which the provider's charges are paid."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.states import CapitalStatus


class CapitalPayment(models.Model):
    """One payment of the operator into the balance at the provider."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    amount_cents = models.BigIntegerField(_("amount"))
    status = models.CharField(
        _("status"), max_length=10, choices=CapitalStatus, default=CapitalStatus.CREATED
    )
    topup_id = models.CharField(max_length=80, blank=True, db_index=True)
    transaction_id = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(_("started at"))
    confirmed_at = models.DateTimeField(_("received at"), null=True, blank=True)

    class Meta:
        verbose_name = _("operator's capital")
        verbose_name_plural = _("operator's capital")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CapitalStatus.values), name="payments_capital_status"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payments_capital_amount"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def reference(self) -> str:
        """The name of its entry in the ledger."""
        return f"capital:{self.uuid}"
