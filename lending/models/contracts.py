"""The contract between borrower and lenders, as it was signed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.models.requests import LoanRequest


class Contract(models.Model):
    """The signed document with its figures; kept as issued, found again by its hash."""

    request = models.OneToOneField(LoanRequest, on_delete=models.PROTECT, related_name="contract")
    number = models.CharField(_("contract number"), max_length=20, unique=True)
    figures = models.JSONField()
    language = models.CharField(max_length=5)
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField(_("signed at"))
    signed_ip = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")

    def __str__(self) -> str:
        return self.number
