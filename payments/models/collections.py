"""The collection: one attempt to debit an instalment from the borrower's bank account."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount
from lending.models import Instalment, Repayment
from payments.models.cards import PaymentCard
from payments.states import COLLECTION_OPEN, CollectionStatus


class Collection(models.Model):
    """A debit that the borrower's bank is asked for; one is open at a time for an instalment.

    With a `card` the money is taken from it, and the bank account is what is debited if it fails.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="collections")
    number = models.PositiveSmallIntegerField(_("attempt"))
    bank_account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, related_name="collections"
    )
    card = models.ForeignKey(
        PaymentCard,
        on_delete=models.PROTECT,
        related_name="collections",
        null=True,
        blank=True,
        verbose_name=_("debit card"),
    )
    amount_cents = models.BigIntegerField(_("amount"))
    status = models.CharField(
        _("status"), max_length=12, choices=CollectionStatus, default=CollectionStatus.CREATED
    )
    target_on = models.DateField(_("debited on"))
    payment_id = models.CharField(max_length=80, blank=True, db_index=True)
    transaction_id = models.CharField(max_length=80, blank=True)
    fee_cents = models.BigIntegerField(_("provider's charge"), default=0)
    failure_code = models.CharField(_("reason"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("started at"))
    settled_on = models.DateField(_("settled on"), null=True, blank=True)
    repayment = models.OneToOneField(
        Repayment, on_delete=models.PROTECT, related_name="collection", null=True, blank=True
    )
    return_transaction_id = models.CharField(max_length=80, blank=True)
    returned_on = models.DateField(_("taken back on"), null=True, blank=True)
    is_passed_on = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(status=CollectionStatus.SUCCEEDED, is_passed_on=False),
                name="payments_collection_to_pass",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CollectionStatus.values), name="payments_collection_status"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0, fee_cents__gte=0),
                name="payments_collection_amount",
            ),
            models.UniqueConstraint(
                fields=["instalment", "number"], name="payments_collection_once"
            ),
            models.UniqueConstraint(
                fields=["instalment"],
                condition=Q(status__in=COLLECTION_OPEN),
                name="payments_collection_one_open",
            ),
            models.UniqueConstraint(
                fields=["transaction_id"],
                condition=~Q(transaction_id=""),
                name="payments_collection_transaction_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def reference(self) -> str:
        """The name of its entry in the ledger."""
        return f"collection:{self.uuid}"

    @property
    def return_reference(self) -> str:
        """The name of the entry with which it was taken back."""
        return f"collection-returned:{self.uuid}"
