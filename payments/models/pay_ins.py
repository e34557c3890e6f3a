"""The pay-in: a lender's money on its way to the wallet."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.states import PayInStatus


class PayIn(models.Model):
    """One payment on the provider's page; credited only when the provider says it is paid.

    `seasoned_on` is the first day on which the money may leave again: a debit can be taken back.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    lender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pay_ins"
    )
    request_key = models.UUIDField(default=uuid4, unique=True, editable=False)
    amount_cents = models.BigIntegerField(_("amount"))
    status = models.CharField(
        _("status"), max_length=10, choices=PayInStatus, default=PayInStatus.CREATED
    )
    method = models.CharField(_("paid by"), max_length=20, blank=True)
    session_id = models.CharField(max_length=120, blank=True, db_index=True)
    payment_id = models.CharField(max_length=80, blank=True)
    transaction_id = models.CharField(max_length=80, blank=True)
    fee_cents = models.BigIntegerField(_("provider's charge"), default=0)
    url = models.URLField(max_length=500, blank=True)
    failure_code = models.CharField(_("reason"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("started at"))
    expires_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(_("received at"), null=True, blank=True)
    seasoned_on = models.DateField(_("may leave from"), null=True, blank=True)
    return_transaction_id = models.CharField(max_length=80, blank=True)
    returned_on = models.DateField(_("taken back on"), null=True, blank=True)

    class Meta:
        verbose_name = _("pay-in")
        verbose_name_plural = _("pay-ins")
        indexes = [models.Index(fields=["lender", "-created_at"], name="payments_pay_in_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PayInStatus.values), name="payments_pay_in_status"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0, fee_cents__gte=0), name="payments_pay_in_amount"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[PayInStatus.CONFIRMED, PayInStatus.TAKEN_BACK])
                | Q(confirmed_at__isnull=False, seasoned_on__isnull=False),
                name="payments_pay_in_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(status=PayInStatus.TAKEN_BACK) | Q(returned_on__isnull=False),
                name="payments_pay_in_taken_back",
            ),
            models.UniqueConstraint(
                fields=["transaction_id"],
                condition=~Q(transaction_id=""),
                name="payments_pay_in_transaction_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def reference(self) -> str:
        """The name of its entry in the ledger."""
        return f"payin:{self.uuid}"

    @property
    def return_reference(self) -> str:
        """The name of the entry with which it was taken back."""
        return f"payin-returned:{self.uuid}"
