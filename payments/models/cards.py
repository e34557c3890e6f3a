"""The debit card from which a borrower lets instalments be taken."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.states import CardStatus


class PaymentCard(models.Model):
    """A card that its holder saved on the provider's page; its number stays there.

    What the holder agreed to is kept with its proof, as a mandate is.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cards"
    )
    status = models.CharField(
        _("status"), max_length=10, choices=CardStatus, default=CardStatus.PENDING
    )
    session_id = models.CharField(max_length=120, blank=True, db_index=True)
    url = models.URLField(max_length=500, blank=True)
    provider_customer = models.CharField(max_length=80, blank=True)
    provider_method = models.CharField(max_length=80, blank=True)
    brand = models.CharField(_("brand"), max_length=20, blank=True)
    last4 = models.CharField(_("last digits"), max_length=4, blank=True)
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    agreed_text = models.TextField()
    agreed_ip = models.GenericIPAddressField(null=True, blank=True)
    agreed_user_agent = models.TextField(blank=True)
    created_at = models.DateTimeField(_("agreed at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    failure_code = models.CharField(_("reason"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("debit card")
        verbose_name_plural = _("debit cards")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CardStatus.values), name="payments_card_status"
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(status=CardStatus.ACTIVE),
                name="payments_card_active_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand.capitalize()} **** {self.last4}" if self.last4 else str(self.pk)
