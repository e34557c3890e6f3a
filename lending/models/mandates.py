"""The mandate: a lender's standing order."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.choices import SHARE_CENTS, Cover, Reinvest
from lending.states import MandateStatus


class Mandate(models.Model):
    """Filters, stake sizes and limits. An empty filter takes everything."""

    lender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mandates"
    )
    name = models.CharField(_("name"), max_length=60)
    status = models.CharField(
        _("status"), max_length=8, choices=MandateStatus, default=MandateStatus.ACTIVE
    )
    priority = models.PositiveSmallIntegerField(_("priority"), default=1)
    grades = ArrayField(models.CharField(max_length=1), default=list, blank=True)
    terms = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    purposes = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    min_rate = models.DecimalField(
        _("lowest rate"), max_digits=7, decimal_places=5, null=True, blank=True
    )
    max_rate = models.DecimalField(
        _("highest rate"), max_digits=7, decimal_places=5, null=True, blank=True
    )
    max_mark = models.PositiveSmallIntegerField(_("affordability mark up to"), default=5)
    min_stake_cents = models.BigIntegerField(_("smallest stake"), default=SHARE_CENTS)
    max_per_loan_cents = models.BigIntegerField(_("at most per loan"))
    max_per_borrower_cents = models.BigIntegerField(_("at most per borrower"))
    max_per_grade_cents = models.JSONField(_("at most per grade"), default=dict, blank=True)
    preferred_stake_cents = models.BigIntegerField(_("usual stake"), null=True, blank=True)
    min_net_rate = models.DecimalField(
        _("lowest expected return"), max_digits=7, decimal_places=5, null=True, blank=True
    )
    regions = ArrayField(models.CharField(max_length=1), default=list, blank=True)
    employments = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    min_amount_cents = models.BigIntegerField(_("smallest request"), null=True, blank=True)
    max_amount_cents = models.BigIntegerField(_("largest request"), null=True, blank=True)
    max_age_days = models.PositiveSmallIntegerField(_("listed for at most"), null=True, blank=True)
    min_funded_percent = models.PositiveSmallIntegerField(_("funded to at least"), default=0)
    no_late_payers = models.BooleanField(_("nobody who ever paid late here"), default=False)
    reinvest = models.CharField(
        _("reinvest"), max_length=9, choices=Reinvest, default=Reinvest.NOTHING
    )
    cover = models.CharField(
        _("cover"), max_length=4, choices=Cover, default=Cover.SOLO, db_default=Cover.SOLO
    )
    reserve_cents = models.BigIntegerField(_("cash to keep free"), default=0)
    budget_cents = models.BigIntegerField(_("budget in all"), null=True, blank=True)
    end_on = models.DateField(_("ends on"), null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["priority", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=MandateStatus.values), name="lending_mandate_status"
            ),
            models.CheckConstraint(
                condition=Q(min_stake_cents__gte=SHARE_CENTS)
                & Q(max_per_loan_cents__gte=F("min_stake_cents"))
                & Q(max_per_borrower_cents__gte=F("min_stake_cents"))
                & Q(reserve_cents__gte=0),
                name="lending_mandate_sizes",
            ),
            models.CheckConstraint(
                condition=Q(max_rate__isnull=True)
                | Q(min_rate__isnull=True)
                | Q(max_rate__gte=F("min_rate")),
                name="lending_mandate_rates",
            ),
            models.CheckConstraint(
                condition=Q(preferred_stake_cents__isnull=True)
                | Q(preferred_stake_cents__gte=F("min_stake_cents"))
                & Q(preferred_stake_cents__lte=F("max_per_loan_cents")),
                name="lending_mandate_preferred_stake",
            ),
            models.CheckConstraint(
                condition=Q(max_amount_cents__isnull=True)
                | Q(min_amount_cents__isnull=True)
                | Q(max_amount_cents__gte=F("min_amount_cents")),
                name="lending_mandate_amounts",
            ),
            models.CheckConstraint(
                condition=Q(min_funded_percent__lte=100), name="lending_mandate_funded_percent"
            ),
            models.CheckConstraint(
                condition=Q(cover__in=Cover.values), name="lending_mandate_cover"
            ),
            models.CheckConstraint(
                condition=Q(reinvest__in=Reinvest.values), name="lending_mandate_reinvest"
            ),
        ]

    def __str__(self) -> str:
        return self.name
