"""The intent: what we mean to ask of the provider, written down before we ask."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.states import UNFINISHED, OperationStatus


class OperationKind(models.TextChoices):
    """What is asked of the provider."""

    CUSTOMER = "customer", _("Payer made known")
    BANK_SETUP = "bank_setup", _("Mandate begun")
    BANK_CONFIRM = "bank_confirm", _("Mandate given")
    RECIPIENT = "recipient", _("Recipient made known")
    PAYOUTS_BY_HAND = "payouts_by_hand", _("Automatic payouts switched off")
    DESTINATION = "destination", _("Bank account for payouts set")
    ONBOARDING_LINK = "onboarding_link", _("Page for a recipient opened")
    VERIFICATION = "verification", _("Identity check opened")
    CHECKOUT = "checkout", _("Payment page opened")
    COLLECT = "collect", _("Debit sent")
    TRANSFER = "transfer", _("Moved to a recipient")
    PAYOUT = "payout", _("Paid out to a bank")
    REVERSAL = "reversal", _("Taken back from a recipient")
    TOP_UP = "top_up", _("Operator's money added")
    REFUND = "refund", _("Given back to a payer")
    MANDATE_END = "mandate_end", _("Mandate revoked")
    CARD_SETUP = "card_setup", _("Page to save a card opened")
    DISPUTE_ANSWER = "dispute_answer", _("Dispute answered")
    DISPUTE_ACCEPT = "dispute_accept", _("Dispute accepted")
    EXPIRE = "expire", _("Payment page closed")
    CANCEL = "cancel", _("Returned debit closed")
    REDACT = "redact", _("Pictures of a check deleted")


class ProviderOperation(models.Model):
    """One request to the provider; its key is made of the row, so a retry is the same request.

    `subject` names the row that it is for, as the audit trail does. What a person keeps secret
    (an IBAN) is never among `params`.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=OperationKind)
    subject = models.CharField(_("for"), max_length=80)
    status = models.CharField(
        _("status"), max_length=10, choices=OperationStatus, default=OperationStatus.CREATED
    )
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    params = models.JSONField(default=dict, blank=True)
    provider_id = models.CharField(_("provider's id"), max_length=80, blank=True)
    transaction_id = models.CharField(_("line of its books"), max_length=80, blank=True)
    answer = models.JSONField(default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("recorded at"))
    sent_at = models.DateTimeField(_("first sent at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("request to the provider")
        verbose_name_plural = _("requests to the provider")
        permissions = [("run_sandbox", _("May run the payment sandbox"))]
        indexes = [
            models.Index(fields=["subject", "kind"], name="payments_operation_subject"),
            models.Index(fields=["provider_id"], name="payments_operation_provider"),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=UNFINISHED),
                name="payments_operation_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=OperationStatus.values), name="payments_operation_status"
            ),
            models.CheckConstraint(
                condition=~Q(status=OperationStatus.CONFIRMED) | Q(finished_at__isnull=False),
                name="payments_operation_finished",
            ),
            models.UniqueConstraint(
                fields=["subject", "kind"],
                condition=Q(status__in=UNFINISHED),
                name="payments_operation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """The idempotency key; a changed request is another attempt and so has another key."""
        return f"op-{self.uuid}-{self.attempt}"

    @property
    def metadata(self) -> dict[str, str]:
        """What the provider keeps with the object, by which it is found again."""
        return {"operation": str(self.uuid), "subject": self.subject}
