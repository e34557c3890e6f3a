"""Fees with their dates of validity; the price list page is this table."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FeeKind(models.TextChoices):
    """What a fee is for."""

    BORROWER = "borrower", _("Borrower: of the amount, taken from the payout")
    LENDER = "lender", _("Lender: of each payment received")
    RECOVERY = "recovery", _("Lender: of what is recovered after a write-off")


class FeeRate(models.Model):
    """A share of an amount, valid from a day until the next row of its kind."""

    kind = models.CharField(max_length=10, choices=FeeKind)
    rate = models.DecimalField(max_digits=6, decimal_places=5)
    valid_from = models.DateField()

    class Meta:
        verbose_name = _("fee")
        verbose_name_plural = _("fees")
        constraints = [
            models.UniqueConstraint(fields=["kind", "valid_from"], name="lending_fee_once_a_day"),
            models.CheckConstraint(
                condition=Q(rate__gte=0, rate__lt=1), name="lending_fee_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.rate}"
