"""A person's second look at a refusal, which every applicant may ask for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.models.applications import Assessment
from lending.models.requests import LoanRequest


class AppealOutcome(models.TextChoices):
    """What came of it."""

    UPHELD = "upheld", _("The decision stands")
    REOPENED = "reopened", _("The request is open again")


class Appeal(models.Model):
    """The applicant's view of one refusal, and a reasoned answer by someone who did not refuse."""

    request = models.ForeignKey(LoanRequest, on_delete=models.PROTECT, related_name="appeals")
    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="appeal")
    statement = models.TextField(_("what the applicant says"))
    asked_at = models.DateTimeField(_("asked at"))
    answer_by = models.DateField(_("to be answered by"))
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="appeals_answered",
        null=True,
        blank=True,
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=AppealOutcome, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", reviewer__isnull=True, answered_at__isnull=True)
                | Q(
                    outcome__in=AppealOutcome.values,
                    reviewer__isnull=False,
                    answered_at__isnull=False,
                ),
                name="lending_appeal_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.outcome or '?'}"
