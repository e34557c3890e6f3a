"""The payout: money on its way to a person's bank, a loan to its borrower or a withdrawal."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount
from core.audit import subject_of
from lending.models import Loan
from payments.states import PayoutKind, PayoutStatus


class Payout(models.Model):
    """Two steps at the provider: a transfer to the recipient's account, then a payout to the bank.

    `round` counts how often it was sent; a payout that came back may go out again.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=PayoutKind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payouts"
    )
    loan = models.OneToOneField(
        Loan, on_delete=models.PROTECT, related_name="payout", null=True, blank=True
    )
    request_key = models.UUIDField(default=uuid4, unique=True, editable=False)
    amount_cents = models.BigIntegerField(_("amount"))
    status = models.CharField(
        _("status"), max_length=12, choices=PayoutStatus, default=PayoutStatus.REQUESTED
    )
    round = models.PositiveSmallIntegerField(default=1)
    bank_account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, related_name="payouts", null=True, blank=True
    )
    recipient_id = models.CharField(max_length=80, blank=True)
    transfer_id = models.CharField(max_length=80, blank=True)
    payout_id = models.CharField(max_length=80, blank=True, db_index=True)
    reversal_id = models.CharField(max_length=80, blank=True)
    arrives_on = models.DateField(_("arrives on"), null=True, blank=True)
    failure_code = models.CharField(_("reason"), max_length=80, blank=True)
    requested_at = models.DateTimeField(_("requested at"))
    paid_at = models.DateTimeField(_("arrived at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        indexes = [
            models.Index(fields=["person", "-requested_at"], name="payments_payout_of"),
            models.Index(
                fields=["id"],
                condition=Q(
                    status__in=[PayoutStatus.REQUESTED, PayoutStatus.TRANSFERRED, "failed"]
                ),
                name="payments_payout_to_do",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PayoutStatus.values), name="payments_payout_status"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payments_payout_amount"),
            models.CheckConstraint(
                condition=Q(kind=PayoutKind.DISBURSEMENT, loan__isnull=False)
                | Q(kind=PayoutKind.WITHDRAWAL, loan__isnull=True),
                name="payments_payout_loan",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def subject(self) -> str:
        """What its requests to the provider are for: this row, in this round."""
        return subject_of(self) if self.round == 1 else f"{subject_of(self)}#{self.round}"

    @property
    def reference(self) -> str:
        """The name of its entry in the ledger; each further round has one of its own."""
        return f"payout:{self.uuid}" if self.round == 1 else f"payout:{self.uuid}:{self.round}"
