"""The loan request, from draft to disbursement."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.choices import (
    LEAST_PART_PERCENT,
    MAX_AMOUNT_CENTS,
    MIN_AMOUNT_CENTS,
    SHARE_CENTS,
    FirstPeriod,
    Grade,
    PriceRule,
    Purpose,
)
from lending.states import CLOSED_TO_BIDS, OPEN_FOR_BORROWER, RequestStatus


class LoanRequest(models.Model):
    """What a borrower posts. Amount and term stay empty only while it is a draft.

    With an auction `annual_rate` is the cap until a round finds the price, which is not below
    `floor_rate`. `least_percent` below 100 lets a part of the amount become the loan.
    """

    borrower = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="loan_requests"
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=12, choices=RequestStatus, default=RequestStatus.DRAFT
    )
    amount_cents = models.BigIntegerField(_("amount"), null=True, blank=True)
    term_months = models.PositiveSmallIntegerField(_("term in months"), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=24, choices=Purpose, blank=True)
    title = models.CharField(_("title"), max_length=80, blank=True)
    story = models.TextField(_("story"), max_length=4000, blank=True)
    due_day = models.PositiveSmallIntegerField(_("day of payment"), default=1)
    first_period = models.CharField(
        _("interest of the days before the first month"),
        max_length=5,
        choices=FirstPeriod,
        default=FirstPeriod.EQUAL,
        db_default=FirstPeriod.EQUAL,
    )
    max_rate = models.DecimalField(
        _("highest rate you accept"), max_digits=7, decimal_places=5, null=True, blank=True
    )
    price_rule = models.CharField(
        _("how the rate is found"), max_length=8, choices=PriceRule, default=PriceRule.FIXED
    )
    floor_rate = models.DecimalField(
        _("lowest rate"), max_digits=7, decimal_places=5, null=True, blank=True
    )
    least_percent = models.PositiveSmallIntegerField(
        _("part that is enough, in percent"), default=100
    )
    annual_rate = models.DecimalField(
        _("rate per year"), max_digits=7, decimal_places=5, null=True, blank=True
    )
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    affordability_mark = models.PositiveSmallIntegerField(null=True, blank=True)
    borrower_fee_rate = models.DecimalField(max_digits=6, decimal_places=5, null=True, blank=True)
    funded_cents = models.BigIntegerField(_("funded"), default=0)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    deadline_on = models.DateField(_("open until"), null=True, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("loan request")
        verbose_name_plural = _("loan requests")
        indexes = [
            models.Index(fields=["status", "deadline_on", "id"], name="lending_request_market"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RequestStatus.values), name="lending_request_status"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__isnull=True)
                | Q(amount_cents__gte=MIN_AMOUNT_CENTS, amount_cents__lte=MAX_AMOUNT_CENTS),
                name="lending_request_amount",
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__isnull=True)
                | Q(amount_cents=F("amount_cents") / SHARE_CENTS * SHARE_CENTS),
                name="lending_request_amount_step",
            ),
            models.CheckConstraint(
                condition=Q(funded_cents__gte=0)
                & (Q(amount_cents__isnull=True) | Q(funded_cents__lte=F("amount_cents"))),
                name="lending_request_not_overfunded",
            ),
            models.CheckConstraint(
                condition=Q(due_day__in=[1, 15]), name="lending_request_due_day"
            ),
            models.CheckConstraint(
                condition=Q(first_period__in=FirstPeriod.values),
                name="lending_request_first_period",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"])
                | Q(amount_cents__isnull=False, term_months__isnull=False),
                name="lending_request_complete",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["listed", "filled", "accepted", "disbursed"])
                | Q(annual_rate__isnull=False, deadline_on__isnull=False, listed_at__isnull=False),
                name="lending_request_priced_when_listed",
            ),
            models.CheckConstraint(
                condition=Q(price_rule__in=PriceRule.values), name="lending_request_price_rule"
            ),
            models.CheckConstraint(
                condition=Q(least_percent__gte=LEAST_PART_PERCENT, least_percent__lte=100)
                & (Q(price_rule=PriceRule.FIXED) | Q(least_percent=100)),
                name="lending_request_least_part",
            ),
            models.UniqueConstraint(
                fields=["borrower"],
                condition=Q(status__in=sorted(OPEN_FOR_BORROWER)),
                name="lending_request_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"#{self.pk}"

    @property
    def missing_cents(self) -> int:
        """What is still to be funded."""
        return (self.amount_cents or 0) - self.funded_cents

    @property
    def granted_cents(self) -> int:
        """What the loan amounts to: what is funded once the market is closed, else all."""
        return self.funded_cents if self.status in CLOSED_TO_BIDS else self.amount_cents or 0

    @property
    def least_cents(self) -> int:
        """The part of the amount that is enough, rounded up to the unit; all by default."""
        units = -(-(self.amount_cents or 0) * self.least_percent // 100 // SHARE_CENTS)
        return units * SHARE_CENTS

    @property
    def is_auction(self) -> bool:
        """Whether lenders find the rate."""
        return self.price_rule != PriceRule.FIXED

    @property
    def rate_is_cap(self) -> bool:
        """Whether `annual_rate` is only the highest that an open auction may come to."""
        floor, rate = self.floor_rate, self.annual_rate
        is_open = self.is_auction and self.status == RequestStatus.LISTED
        return is_open and floor is not None and rate is not None and floor < rate

    @property
    def funded_share(self) -> float:
        """Funded part, 0 to 1, for a bar on a page."""
        return self.funded_cents / self.amount_cents if self.amount_cents else 0.0
