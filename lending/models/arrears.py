"""Cases of arrears: one for each spell of lateness of a loan, with everything that was said."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.models.documents import Document
from lending.models.loans import Loan
from lending.states import ARREARS_ENDED, ArrearsStage


class ArrearsCase(models.Model):
    """One spell of lateness, from the first late day until it is paid, given up or sold.

    `late_since` is the due date of the oldest instalment that was late when the case began;
    `demanded_cents` is what the final notice asked for, until `notice_until`.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="arrears")
    status = models.CharField(
        _("stage"), max_length=12, choices=ArrearsStage, default=ArrearsStage.LATE
    )
    opened_on = models.DateField(_("opened on"))
    late_since = models.DateField(_("late since"))
    stage_since = models.DateField(_("in this stage since"))
    notice_until = models.DateField(_("notice runs until"), null=True, blank=True)
    demanded_cents = models.BigIntegerField(_("demanded"), default=0)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("case of arrears")
        verbose_name_plural = _("cases of arrears")
        indexes = [
            models.Index(fields=["loan", "opened_on"], name="lending_arrears_of_loan"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["loan"], condition=Q(closed_on__isnull=True), name="lending_arrears_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=ArrearsStage.values), name="lending_arrears_stage"
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(ARREARS_ENDED), closed_on__isnull=False)
                | Q(status=ArrearsStage.RECOVERED)
                | (
                    ~Q(status__in=[*sorted(ARREARS_ENDED), ArrearsStage.RECOVERED])
                    & Q(closed_on__isnull=True)
                ),
                name="lending_arrears_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} since {self.late_since}"


class ContactKind(models.TextChoices):
    """How borrower and house spoke."""

    LETTER = "letter", _("Letter")
    EMAIL = "email", _("E-mail")
    CALL = "call", _("Telephone")
    PROMISE = "promise", _("Promise to pay")
    OFFER = "offer", _("Offer to ease the loan")


class ContactAnswer(models.TextChoices):
    """What the borrower answered to an offer."""

    OPEN = "", _("No answer yet")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    SILENT = "silent", _("Not reached")


class Contact(models.Model):
    """One contact within a case; `by` is empty where the house wrote by itself."""

    case = models.ForeignKey(ArrearsCase, on_delete=models.PROTECT, related_name="contacts")
    kind = models.CharField(_("kind"), max_length=10, choices=ContactKind)
    on = models.DateField(_("on"))
    at = models.DateTimeField()
    note = models.TextField(_("note"), blank=True)
    answer = models.CharField(_("answer"), max_length=10, choices=ContactAnswer, blank=True)
    promised_on = models.DateField(_("promised for"), null=True, blank=True)
    promised_cents = models.BigIntegerField(_("promised"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="contacts", null=True, blank=True
    )
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind=ContactKind.PROMISE, promised_on__gte=F("on"), promised_cents__gt=0
                )
                | (
                    ~Q(kind=ContactKind.PROMISE)
                    & Q(promised_on__isnull=True, promised_cents__isnull=True)
                ),
                name="lending_contact_promise",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class ArrearsAct(models.TextChoices):
    """What staff decide about a case, with a second person where the amount asks for one."""

    TERMINATE = "terminate", _("Call the loan due")
    SELL = "sell", _("Sell the claim")
    SETTLE = "settle", _("Settle for a sum")
    WRITE_OFF = "write_off", _("Write off")


class ArrearsProposal(models.Model):
    """An act that one person proposed; it is done once a second one approved it."""

    case = models.ForeignKey(ArrearsCase, on_delete=models.PROTECT, related_name="proposals")
    act = models.CharField(_("act"), max_length=10, choices=ArrearsAct)
    terms = models.JSONField(_("terms"), default=dict)
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    is_approved = models.BooleanField(_("approved"), null=True, blank=True)

    class Meta:
        verbose_name = _("proposal on arrears")
        verbose_name_plural = _("proposals on arrears")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "act"],
                condition=Q(decided_at__isnull=True),
                name="lending_arrears_proposal_open",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("proposed_by")), name="lending_arrears_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, is_approved__isnull=True)
                | Q(decided_at__isnull=False, is_approved__isnull=False),
                name="lending_arrears_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.act}"


class ClaimSale(models.Model):
    """A claim sold for a share of its principal; the loan's new plan is what the buyer pays."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="sale")
    buyer = models.CharField(_("buyer"), max_length=120)
    quota = models.DecimalField(_("quota"), max_digits=6, decimal_places=5)
    is_by_parts = models.BooleanField(_("paid by later parts"))
    on = models.DateField(_("sold on"))
    principal_cents = models.BigIntegerField(_("principal sold"))
    price_cents = models.BigIntegerField(_("price"))
    proposal = models.OneToOneField(ArrearsProposal, on_delete=models.PROTECT, related_name="sale")

    class Meta:
        verbose_name = _("sale of a claim")
        verbose_name_plural = _("sales of claims")
        constraints = [
            models.CheckConstraint(
                condition=Q(quota__gt=0, quota__lte=1)
                & Q(price_cents__gt=0, price_cents__lte=F("principal_cents")),
                name="lending_sale_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} to {self.buyer}"
