"""The plan of a loan in its versions; its instalments are rows of their own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanReason(models.TextChoices):
    """Why a loan has a new plan."""

    DISBURSED = "disbursed", _("Paid out")
    PART_REPAID = "part_repaid", _("Repaid early in part")
    REPAID_EARLY = "repaid_early", _("Repaid early in full")
    BREAK = "break", _("Payment break")
    LONGER_TERM = "longer_term", _("Longer term")
    LOWER_RATE = "lower_rate", _("Lower rate")
    WAIVER = "waiver", _("Part waived")
    TERMINATED = "terminated", _("Called due")
    WRITTEN_OFF = "written_off", _("Written off")
    SOLD = "sold", _("Claim sold")
    WITHDRAWN = "withdrawn", _("Withdrawn from")


class InstalmentKind(models.TextChoices):
    """What an instalment stands for."""

    REGULAR = "regular", _("Instalment")
    EARLY = "early", _("Repaid early")
    CALLED = "called", _("Called due")
    WITHDRAWN = "withdrawn", _("Given back after withdrawal")


class Plan(models.Model):
    """One version of a loan's plan; the latest holds, earlier ones stay readable."""

    loan = models.ForeignKey("lending.Loan", on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveSmallIntegerField(_("version"))
    reason = models.CharField(_("reason"), max_length=14, choices=PlanReason)
    annual_rate = models.DecimalField(_("rate per year"), max_digits=7, decimal_places=5)
    made_on = models.DateField(_("made on"))
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(fields=["loan", "version"], name="lending_plan_once"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} v{self.version}"
