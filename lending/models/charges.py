"""What being late costs: default interest by span of days, and costs of legal pursuit.

Neither is income before it is paid; what is owed follows from these rows, and what was paid of it
stands on the repayments.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ledger.models import Entry
from lending.domain.default_interest import Span
from lending.models.loans import Loan


class BaseRate(models.Model):
    """The base rate of section 247 BGB from a day on; it counts once a second person approved."""

    rate = models.DecimalField(_("rate per year"), max_digits=7, decimal_places=5)
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=200)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("base rate")
        verbose_name_plural = _("base rates")
        constraints = [
            models.UniqueConstraint(
                fields=["valid_from"],
                condition=Q(approved_at__isnull=False),
                name="lending_base_rate_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(proposed_by__isnull=True)
                | ~Q(approved_by=F("proposed_by")),
                name="lending_base_rate_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} from {self.valid_from}"


class DefaultInterestSpan(models.Model):
    """Days on which one overdue amount bore default interest at one rate.

    What all spans of a loan bear is summed exactly and rounded once; see
    `lending.domain.default_interest`.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="default_interest")
    from_on = models.DateField(_("first day"))
    to_on = models.DateField(_("last day"))
    overdue_cents = models.BigIntegerField(_("overdue"))
    annual_rate = models.DecimalField(_("rate per year"), max_digits=7, decimal_places=5)

    class Meta:
        verbose_name = _("default interest")
        verbose_name_plural = _("default interest")
        constraints = [
            models.UniqueConstraint(fields=["loan", "from_on"], name="lending_default_span_once"),
            models.CheckConstraint(
                condition=Q(overdue_cents__gt=0, to_on__gte=F("from_on"), annual_rate__gte=0),
                name="lending_default_span_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.from_on}..{self.to_on}"

    @property
    def span(self) -> Span:
        """As the rules of default interest take it."""
        return Span(self.from_on, self.to_on, self.overdue_cents, self.annual_rate)


class LegalCost(models.Model):
    """A cost of legal pursuit that the operator really paid for one loan."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="legal_costs")
    on = models.DateField(_("on"))
    cents = models.BigIntegerField(_("amount"))
    note = models.CharField(_("what for"), max_length=200)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="legal_cost")

    class Meta:
        verbose_name = _("cost of collection")
        verbose_name_plural = _("costs of collection")
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="lending_legal_cost_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.cents}"
