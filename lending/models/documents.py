"""Letters and other documents to one person, kept as they were issued."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.models.loans import Loan


class DocumentKind(models.TextChoices):
    """What a document is."""

    REMINDER_1 = "reminder_1", _("First reminder")
    REMINDER_2 = "reminder_2", _("Second reminder")
    FINAL_NOTICE = "final_notice", _("Final notice")
    TERMINATION = "termination", _("Termination")
    STATEMENT = "statement", _("Statement of the month")
    TAX_YEAR = "tax_year", _("Overview of the year for your tax return")
    PAYOFF = "payoff", _("Confirmation of repayment")


class Document(models.Model):
    """One document with the figures it was made of; its hash proves that a copy is the same.

    The pages of statements and the like are set when they are first fetched, from figures that
    were fixed before; until then there is neither page nor hash.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="documents"
    )
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="documents", null=True, blank=True
    )
    kind = models.CharField(_("kind"), max_length=20, choices=DocumentKind)
    language = models.CharField(_("language"), max_length=5)
    on = models.DateField(_("dated"))
    data = models.JSONField(_("figures"))
    pdf = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        indexes = [
            models.Index(fields=["person", "-on"], name="lending_document_of_person"),
            models.Index(fields=["kind", "on"], name="lending_document_of_kind"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(pdf__isnull=True, sha256="") | Q(pdf__isnull=False) & ~Q(sha256=""),
                name="lending_document_has_hash",
            ),
        ]

    def __str__(self) -> str:
        return self.key
