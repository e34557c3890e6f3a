"""The spare: a bid that waits in line behind a full request, without any money so far."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.choices import SHARE_CENTS, Cover
from lending.models.offers import Offer
from lending.models.requests import LoanRequest
from lending.states import OfferSource, SpareStatus


class Spare(models.Model):
    """What a lender would offer once a bid by hand is revoked; `offer` is what came of it.

    `amount_cents` is the most that is wanted. `request_key` is the client's idempotency key.
    """

    request = models.ForeignKey(LoanRequest, on_delete=models.PROTECT, related_name="spares")
    lender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="spares"
    )
    offer = models.OneToOneField(
        Offer, on_delete=models.PROTECT, related_name="spare", null=True, blank=True
    )
    source = models.CharField(_("source"), max_length=8, choices=OfferSource)
    status = models.CharField(
        _("status"), max_length=10, choices=SpareStatus, default=SpareStatus.WAITING
    )
    amount_cents = models.BigIntegerField(_("amount"))
    cover = models.CharField(
        _("cover"), max_length=4, choices=Cover, default=Cover.SOLO, db_default=Cover.SOLO
    )
    request_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    placed_at = models.DateTimeField(_("placed at"))
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("spare bid")
        verbose_name_plural = _("spare bids")
        indexes = [models.Index(fields=["lender", "-placed_at"], name="lending_spare_of_lender")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=SpareStatus.values), name="lending_spare_status"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__gte=SHARE_CENTS)
                & Q(amount_cents=F("amount_cents") / SHARE_CENTS * SHARE_CENTS),
                name="lending_spare_amount",
            ),
            models.CheckConstraint(condition=Q(cover__in=Cover.values), name="lending_spare_cover"),
            models.CheckConstraint(
                condition=Q(status=SpareStatus.MOVED_UP, offer__isnull=False)
                | (~Q(status=SpareStatus.MOVED_UP) & Q(offer__isnull=True)),
                name="lending_spare_moved_up_has_an_offer",
            ),
            models.UniqueConstraint(
                fields=["request", "lender"],
                condition=Q(status=SpareStatus.WAITING),
                name="lending_spare_waits_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lender_id} > {self.request_id}: {self.amount_cents}"
