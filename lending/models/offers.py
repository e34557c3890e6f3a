"""The offer: reserved money on a request, not yet a loan."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.choices import SHARE_CENTS, Cover
from lending.models.mandates import Mandate
from lending.models.requests import LoanRequest
from lending.states import OfferSource, OfferStatus


class Offer(models.Model):
    """A bid by hand, or the stake that a round placed for a mandate.

    `request_key` is the client's idempotency key: one key, one offer. `round_id` and `mandate` are
    set for stakes of a round. All open offers of one lender on a request bear the same `cover`.
    `firm_on` is the first day on which it can no longer be revoked.
    """

    request = models.ForeignKey(LoanRequest, on_delete=models.PROTECT, related_name="offers")
    lender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offers", db_index=False
    )
    mandate = models.ForeignKey(
        Mandate, on_delete=models.PROTECT, related_name="offers", null=True, blank=True
    )
    round_id = models.BigIntegerField(null=True, blank=True)
    source = models.CharField(_("source"), max_length=8, choices=OfferSource)
    status = models.CharField(
        _("status"), max_length=10, choices=OfferStatus, default=OfferStatus.OPEN
    )
    amount_cents = models.BigIntegerField(_("amount"))
    cover = models.CharField(
        _("cover"), max_length=4, choices=Cover, default=Cover.SOLO, db_default=Cover.SOLO
    )
    request_key = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )
    placed_at = models.DateTimeField(_("placed at"))
    firm_on = models.DateField(_("binding from"))
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        indexes = [
            models.Index(fields=["lender", "-placed_at"], name="lending_offer_of_lender"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=OfferStatus.values), name="lending_offer_status"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__gte=SHARE_CENTS)
                & Q(amount_cents=F("amount_cents") / SHARE_CENTS * SHARE_CENTS),
                name="lending_offer_amount",
            ),
            models.CheckConstraint(condition=Q(cover__in=Cover.values), name="lending_offer_cover"),
            models.CheckConstraint(
                condition=Q(source=OfferSource.MANDATE, mandate__isnull=False)
                | (~Q(source=OfferSource.MANDATE) & Q(mandate__isnull=True)),
                name="lending_offer_mandate_has_one",
            ),
            models.UniqueConstraint(
                fields=["round_id", "request", "lender"], name="lending_offer_once_a_round"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lender_id} > {self.request_id}: {self.amount_cents}"
