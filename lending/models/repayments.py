"""What was paid on a loan and how it was shared out, line by line."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ledger.models import Entry
from lending.models.loans import Holding, Instalment, Loan


class RepaymentKind(models.TextChoices):
    """What a payment was for."""

    DUES = "dues", _("Instalments due")
    EARLY = "early", _("Early repayment")
    WITHDRAWAL = "withdrawal", _("Withdrawal within 14 days")
    RECOVERY = "recovery", _("Recovery")
    SALE = "sale", _("Sale of the claim")


class Repayment(models.Model):
    """One payment on one loan; `reference` can be used once.

    A payment that came back keeps its lines and bears the day of its reversal: from that day on
    it counts no more. `recovered_cents` is what came in on principal already written off;
    `fee_refund_cents` is what the borrower got back of the loan's own fee along with it.
    """

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="repayments", db_index=False
    )
    reference = models.CharField(max_length=80, unique=True)
    amount_cents = models.BigIntegerField(_("amount"))
    principal_cents = models.BigIntegerField(_("principal"))
    interest_cents = models.BigIntegerField(_("interest"))
    default_interest_cents = models.BigIntegerField(_("default interest"), default=0)
    costs_cents = models.BigIntegerField(_("costs of collection"), default=0)
    recovered_cents = models.BigIntegerField(_("recovered"), default=0)
    fee_cents = models.BigIntegerField(_("lenders' fees"))
    fee_refund_cents = models.BigIntegerField(_("fee given back"), default=0, db_default=0)
    kind = models.CharField(
        _("kind"), max_length=10, choices=RepaymentKind, default=RepaymentKind.DUES
    )
    received_on = models.DateField(_("received on"))
    at = models.DateTimeField()
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="repayment")
    reversed_on = models.DateField(_("reversed on"), null=True, blank=True)
    reversal_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="reversed_repayment", null=True, blank=True
    )

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        indexes = [
            models.Index(fields=["loan", "received_on"], name="lending_repayment_of_loan"),
            models.Index(
                fields=["loan"],
                condition=Q(reversed_on__isnull=False),
                name="lending_repayment_taken_back",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0)
                & Q(default_interest_cents__gte=0, costs_cents__gte=0, recovered_cents__gte=0)
                & Q(fee_refund_cents__gte=0)
                & Q(
                    amount_cents=F("principal_cents")
                    + F("interest_cents")
                    + F("default_interest_cents")
                    + F("costs_cents")
                    + F("recovered_cents")
                ),
                name="lending_repayment_sums",
            ),
            models.CheckConstraint(
                condition=Q(reversed_on__isnull=True, reversal_entry__isnull=True)
                | Q(reversed_on__gte=F("received_on"), reversal_entry__isnull=False),
                name="lending_repayment_reversed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class RepaymentPart(models.Model):
    """The part of a payment that went to one instalment."""

    repayment = models.ForeignKey(
        Repayment, on_delete=models.PROTECT, related_name="parts", db_index=False
    )
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="parts")
    principal_cents = models.BigIntegerField()
    interest_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repayment", "instalment"], name="lending_repayment_part_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.repayment_id} > {self.instalment_id}"


class RepaymentShare(models.Model):
    """The part of a payment that one holding received."""

    repayment = models.ForeignKey(
        Repayment, on_delete=models.PROTECT, related_name="shares", db_index=False
    )
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="shares")
    principal_cents = models.BigIntegerField(_("principal"))
    interest_cents = models.BigIntegerField(_("interest"))
    default_interest_cents = models.BigIntegerField(_("default interest"), default=0, db_default=0)
    recovered_cents = models.BigIntegerField(_("recovered"), default=0, db_default=0)
    fee_cents = models.BigIntegerField(_("fee"))

    class Meta:
        verbose_name = _("share of a repayment")
        verbose_name_plural = _("shares of repayments")
        constraints = [
            models.UniqueConstraint(
                fields=["repayment", "holding"], name="lending_repayment_share_once"
            ),
            models.CheckConstraint(
                condition=Q(principal_cents__gte=0)
                & Q(interest_cents__gte=0)
                & Q(fee_cents__gte=0)
                & Q(default_interest_cents__gte=0, recovered_cents__gte=0)
                & Q(
                    fee_cents__lte=F("principal_cents")
                    + F("interest_cents")
                    + F("default_interest_cents")
                    + F("recovered_cents")
                ),
                name="lending_repayment_share_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repayment_id} > {self.holding_id}"


class LoanEventKind(models.TextChoices):
    """What happened in the life of a loan."""

    DISBURSED = "disbursed", _("Paid out")
    DUE = "due", _("Instalment due")
    TRIED = "tried", _("Debit sent to the bank")
    RETURNED = "returned", _("Debit returned")
    PAID = "paid", _("Paid")
    LATE = "late", _("Late")
    DEFAULTED = "defaulted", _("In default")
    WRITTEN_OFF = "written_off", _("Written off")
    REPAID = "repaid", _("Repaid in full")
    REVERSED = "reversed", _("Payment taken back")
    PART_REPAID = "part_repaid", _("Repaid early in part")
    BREAK = "break", _("Payment break agreed")
    CHANGED = "changed", _("Terms eased")
    REMINDED = "reminded", _("Reminder sent")
    NOTICE = "notice", _("Final notice sent")
    TERMINATED = "terminated", _("Called due")
    PROMISED = "promised", _("Payment promised")
    COLLECTING = "collecting", _("Handed to collection")
    SOLD = "sold", _("Claim sold")
    RECOVERED = "recovered", _("Recovered")
    CURED = "cured", _("No longer late")
    SOUND = "sound", _("No longer in default")
    SETTLED = "settled", _("Settled for a sum")
    WITHDRAWN = "withdrawn", _("Withdrawn from")


class LoanEvent(models.Model):
    """One line of a loan's timeline, for borrower and lenders alike."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(max_length=12, choices=LoanEventKind)
    on = models.DateField()
    instalment_number = models.PositiveSmallIntegerField(null=True, blank=True)
    amount_cents = models.BigIntegerField(null=True, blank=True)
    note = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        verbose_name = _("event of a loan")
        verbose_name_plural = _("events of loans")
        indexes = [models.Index(fields=["loan", "on", "id"], name="lending_event_of_loan")]

    def __str__(self) -> str:
        return self.key
