"""What lenders lost of a loan's principal: written off, waived, or given up in a sale."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ledger.models import Entry
from lending.models.loans import Holding, Loan


class WriteOffKind(models.TextChoices):
    """Why principal was given up."""

    WRITTEN_OFF = "written_off", _("Written off")
    WAIVED = "waived", _("Waived")
    SOLD = "sold", _("Lost by the sale of the claim")


class WriteOff(models.Model):
    """Principal of one loan taken off the lenders' books on one day; not always off the debt."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="write_offs")
    kind = models.CharField(_("kind"), max_length=12, choices=WriteOffKind)
    on = models.DateField(_("on"))
    at = models.DateTimeField()
    principal_cents = models.BigIntegerField(_("principal"))
    reason = models.TextField(_("reason"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="write_off")

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        indexes = [models.Index(fields=["loan", "on"], name="lending_write_off_of_loan")]
        constraints = [
            models.CheckConstraint(
                condition=Q(principal_cents__gt=0), name="lending_write_off_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.principal_cents} {self.kind}"


class WriteOffShare(models.Model):
    """The part of it that one holding lost."""

    write_off = models.ForeignKey(WriteOff, on_delete=models.PROTECT, related_name="shares")
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="losses")
    principal_cents = models.BigIntegerField(_("principal"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["write_off", "holding"], name="lending_write_off_share_once"
            ),
            models.CheckConstraint(
                condition=Q(principal_cents__gt=0), name="lending_write_off_share_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.write_off_id} > {self.holding_id}"
