"""Loans that day end could not take through a day and left aside, so that the others went on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.models.loans import Loan


class SetAside(models.Model):
    """A loan that waits before the day end of `business_date`, with what stopped it there.

    Each day end tries again, and so may staff; `resolved_by` is empty when a day end went through.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="set_aside")
    business_date = models.DateField(_("business date"))
    step = models.CharField(_("step"), max_length=120)
    error = models.CharField(_("error"), max_length=500)
    tries = models.PositiveIntegerField(_("tries"), default=1)
    at = models.DateTimeField(_("last tried"))
    resolved_at = models.DateTimeField(_("went through"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("run again by"),
    )

    class Meta:
        verbose_name = _("loan set aside")
        verbose_name_plural = _("loans set aside")
        constraints = [
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(resolved_at__isnull=True),
                name="lending_set_aside_once",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True) | Q(resolved_at__isnull=False),
                name="lending_set_aside_resolved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.business_date}"
