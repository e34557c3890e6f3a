"""What the borrower told about income and home, what we made of it, and what staff decided."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.choices import Employment, Grade, Home
from lending.models.requests import LoanRequest


class Application(models.Model):
    """The private part of a request: what the scorecard and the affordability mark need."""

    request = models.OneToOneField(
        LoanRequest, on_delete=models.PROTECT, related_name="application"
    )
    employment = models.CharField(_("employment"), max_length=10, choices=Employment, blank=True)
    job_title = models.CharField(_("job"), max_length=80, blank=True)
    years_in_job = models.PositiveSmallIntegerField(_("years in this job"), null=True, blank=True)
    home = models.CharField(_("home"), max_length=10, choices=Home, blank=True)
    household_size = models.PositiveSmallIntegerField(
        _("people in the household"), null=True, blank=True
    )
    income_cents = models.BigIntegerField(_("net income per month"), null=True, blank=True)
    housing_cents = models.BigIntegerField(_("housing cost per month"), null=True, blank=True)
    living_cents = models.BigIntegerField(_("other living cost per month"), null=True, blank=True)
    instalments_cents = models.BigIntegerField(
        _("instalments of other loans per month"), null=True, blank=True
    )
    debt_cents = models.BigIntegerField(_("debts in all"), null=True, blank=True)
    assets_cents = models.BigIntegerField(_("savings and property"), null=True, blank=True)
    price_cents = models.BigIntegerField(
        _("price of what is bought or done"), null=True, blank=True
    )
    had_payment_trouble = models.BooleanField(
        _("payment trouble in the last three years"), null=True, blank=True
    )
    scoring_consent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")

    def __str__(self) -> str:
        return f"{self.request_id}"


class Assessment(models.Model):
    """Score, affordability and price of a request, with inputs and reasons; never changed."""

    request = models.ForeignKey(LoanRequest, on_delete=models.PROTECT, related_name="assessments")
    at = models.DateTimeField()
    inputs = models.JSONField()
    scorecard_version = models.CharField(max_length=40)
    points = models.IntegerField()
    default_probability = models.DecimalField(max_digits=8, decimal_places=6)
    grade = models.CharField(max_length=1, choices=Grade, blank=True)
    reasons = models.JSONField(default=list)
    burden_ratio = models.DecimalField(max_digits=8, decimal_places=4, null=True)
    affordability_mark = models.PositiveSmallIntegerField(null=True)
    floor_rate = models.DecimalField(max_digits=7, decimal_places=5, null=True)
    posted_rate = models.DecimalField(max_digits=7, decimal_places=5, null=True)
    ceiling_rate = models.DecimalField(max_digits=7, decimal_places=5, null=True)
    is_acceptable = models.BooleanField()
    refusals = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")

    def __str__(self) -> str:
        return f"{self.request_id}: {self.grade or '-'} {self.points}"


class ReviewDecision(models.TextChoices):
    """What a member of staff decided."""

    APPROVE = "approve", _("Approve")
    DECLINE = "decline", _("Decline")
    ASK_BACK = "ask_back", _("Ask back")


class DeclineReason(models.TextChoices):
    """Why a request is declined, in words that may be shown."""

    SCORE = "score", _("The expected risk of default is too high.")
    AFFORDABILITY = "affordability", _("The instalment would take too much of your free income.")
    DOCUMENTS = "documents", _("Documents were missing or did not match.")
    IDENTITY = "identity", _("Identity or bank account could not be confirmed.")
    PURPOSE = "purpose", _("The purpose does not fit this marketplace.")
    STORY = "story", _("The description was unclear or breaks the rules.")


class Review(models.Model):
    """One decision by one member of staff; above a limit two people approve."""

    request = models.ForeignKey(LoanRequest, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews"
    )
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="reviews")
    decision = models.CharField(max_length=10, choices=ReviewDecision)
    reasons = ArrayField(models.CharField(max_length=20, choices=DeclineReason), default=list)
    note = models.TextField(blank=True)
    annual_rate = models.DecimalField(max_digits=7, decimal_places=5, null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "reviewer"], name="lending_review_once_each"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=ReviewDecision.values), name="lending_review_decision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.decision}"
