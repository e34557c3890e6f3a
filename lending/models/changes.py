"""Changes of a loan's terms: payment breaks and what eases a loan that its borrower cannot carry.

Each row is also the record of the attempt to find a way before anything is enforced: who asked,
why, which offer was made, by whom, and what came of it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.models.loans import Loan
from lending.models.plans import Plan
from lending.models.write_offs import WriteOff
from lending.states import CHANGE_OPEN, ChangeStatus


class ChangeKind(models.TextChoices):
    """What is changed."""

    PAYMENT_BREAK = "payment_break", _("Payment break")
    LONGER_TERM = "longer_term", _("Longer term")
    LOWER_RATE = "lower_rate", _("Lower rate")
    WAIVER = "waiver", _("Part waiver")


TWO_PEOPLE = (ChangeKind.LOWER_RATE, ChangeKind.WAIVER)
"""What costs the lenders money is approved by a second person."""


class PlanChange(models.Model):
    """One change of one loan's terms, asked for, offered, in force, refused or over.

    `terms` says what is changed (months skipped, a term, a rate, a sum); `figures` keeps the cash
    flow before and after it, month by month, and the lenders' return before and after.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(_("kind"), max_length=14, choices=ChangeKind)
    status = models.CharField(
        _("status"), max_length=10, choices=ChangeStatus, default=ChangeStatus.ASKED
    )
    request_key = models.UUIDField(unique=True, editable=False)
    terms = models.JSONField(_("terms"), default=dict)
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    answer = models.TextField(_("answer"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    offer_until = models.DateField(_("open until"), null=True, blank=True)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    plan = models.OneToOneField(
        Plan, on_delete=models.PROTECT, related_name="change", null=True, blank=True
    )
    write_off = models.OneToOneField(
        WriteOff, on_delete=models.PROTECT, related_name="change", null=True, blank=True
    )

    class Meta:
        verbose_name = _("change of terms")
        verbose_name_plural = _("changes of terms")
        indexes = [
            models.Index(fields=["loan", "id"], name="lending_change_of_loan"),
            models.Index(
                fields=["status", "id"],
                condition=Q(status__in=["asked", "agreed", "in_force"]),
                name="lending_change_running",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ChangeStatus.values), name="lending_change_status"
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(status__in=sorted(CHANGE_OPEN)),
                name="lending_change_one_open",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(decided_by__isnull=False) & ~Q(approved_by=F("decided_by")),
                name="lending_change_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=sorted(TWO_PEOPLE))
                | Q(status__in=["asked", "refused"])
                | Q(approved_by__isnull=False),
                name="lending_change_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(status=ChangeStatus.IN_FORCE)
                | Q(
                    plan__isnull=False,
                    accepted_at__isnull=False,
                    starts_on__isnull=False,
                    ends_on__isnull=False,
                ),
                name="lending_change_in_force_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.kind} {self.status}"

    @property
    def needs_two(self) -> bool:
        """Whether a second person has to approve it."""
        return self.kind in TWO_PEOPLE
