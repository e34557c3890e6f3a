"""The loan, its planned instalments and the lenders' holdings in it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lending.choices import Cover, FirstPeriod
from lending.models.plans import InstalmentKind, Plan
from lending.models.requests import LoanRequest
from lending.states import LoanStatus


class Allocation(models.TextChoices):
    """In which order a payment settles what is due beside the instalments."""

    BGB_497 = "bgb_497", _("Costs, amount owed, default interest (section 497 BGB)")
    BGB_367 = "bgb_367", _("Costs, default interest, amount owed (section 367 BGB)")


class Loan(models.Model):
    """A disbursed request. The rules of its arithmetic are stored with it.

    `serviced_through` is the last business date whose day end the loan has been through.
    `forborne_until` flags a loan whose terms were eased; it says nothing about lateness.
    """

    request = models.OneToOneField(LoanRequest, on_delete=models.PROTECT, related_name="loan")
    borrower = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="loans"
    )
    number = models.CharField(_("number"), max_length=20, unique=True)
    status = models.CharField(
        _("status"), max_length=12, choices=LoanStatus, default=LoanStatus.ACTIVE
    )
    principal_cents = models.BigIntegerField(_("amount"))
    outstanding_cents = models.BigIntegerField(_("outstanding"))
    fee_cents = models.BigIntegerField(_("fee"))
    annual_rate = models.DecimalField(_("rate per year"), max_digits=7, decimal_places=5)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    grade = models.CharField(_("grade"), max_length=1)
    day_count = models.CharField(max_length=20, default="german_30_360")
    instalment_rounding = models.CharField(max_length=10, default="up")
    interest_rounding = models.CharField(max_length=10, default="half_up")
    allocation = models.CharField(
        _("order of settlement"),
        max_length=10,
        choices=Allocation,
        default=Allocation.BGB_497,
        db_default=Allocation.BGB_497,
    )
    disbursed_on = models.DateField(_("disbursed on"))
    first_due_on = models.DateField(_("first due on"))
    first_period = models.CharField(
        _("interest of the days before the first month"),
        max_length=5,
        choices=FirstPeriod,
        default=FirstPeriod.EQUAL,
        db_default=FirstPeriod.EQUAL,
    )
    closed_on = models.DateField(null=True, blank=True)
    serviced_through = models.DateField(_("serviced through"), null=True, blank=True)
    forborne_until = models.DateField(_("forborne until"), null=True, blank=True)
    terminated_on = models.DateField(_("terminated on"), null=True, blank=True)
    withdrawn_on = models.DateField(_("withdrawn from on"), null=True, blank=True)

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        indexes = [models.Index(fields=["status", "id"], name="lending_loan_status_idx")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=LoanStatus.values), name="lending_loan_status"
            ),
            models.CheckConstraint(
                condition=Q(first_period__in=FirstPeriod.values), name="lending_loan_first_period"
            ),
            models.CheckConstraint(
                condition=Q(principal_cents__gt=0)
                & Q(outstanding_cents__gte=0)
                & Q(outstanding_cents__lte=F("principal_cents")),
                name="lending_loan_outstanding",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InstalmentQuerySet(models.QuerySet["Instalment"]):
    """Instalments by the plan they belong to."""

    def current(self) -> InstalmentQuerySet:
        """Those of the plans in force: whatever was not replaced by a later version."""
        return self.filter(superseded_on__isnull=True)

    def unpaid(self) -> InstalmentQuerySet:
        """Those in force that are not fully paid."""
        return self.current().filter(paid_on__isnull=True)


class Instalment(models.Model):
    """One planned payment and what was paid of it.

    A later version of the plan sets `superseded_on` on what it replaces and adds rows of its own;
    what was paid stays with the row that it was paid on. `deferred_cents` is the part of the
    interest that an agreed break put off; it bears no interest itself.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="instalments")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="instalments")
    kind = models.CharField(
        _("kind"), max_length=10, choices=InstalmentKind, default=InstalmentKind.REGULAR
    )
    number = models.PositiveSmallIntegerField(_("number"))
    due_on = models.DateField(_("due on"))
    principal_cents = models.BigIntegerField(_("principal"))
    interest_cents = models.BigIntegerField(_("interest"))
    deferred_cents = models.BigIntegerField(_("deferred interest"), default=0)
    paid_principal_cents = models.BigIntegerField(default=0)
    paid_interest_cents = models.BigIntegerField(default=0)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    superseded_on = models.DateField(_("replaced on"), null=True, blank=True)

    objects = InstalmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ["loan", "number"]
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=Q(paid_on__isnull=True, superseded_on__isnull=True),
                name="lending_instalment_open",
            ),
            models.Index(
                fields=["loan", "due_on"],
                condition=Q(paid_on__isnull=True, superseded_on__isnull=True),
                name="lending_instalment_unpaid",
            ),
            models.Index(
                fields=["loan"],
                condition=Q(paid_on__gt=F("due_on")) | Q(superseded_on__gt=F("due_on")),
                name="lending_instalment_was_late",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "number"],
                condition=Q(superseded_on__isnull=True),
                name="lending_instalment_once",
            ),
            models.CheckConstraint(
                condition=Q(superseded_on__isnull=True)
                | Q(paid_principal_cents=0, paid_interest_cents=0, paid_on__isnull=True),
                name="lending_instalment_replaced_unpaid",
            ),
            models.CheckConstraint(
                condition=Q(deferred_cents__gte=0, deferred_cents__lte=F("interest_cents")),
                name="lending_instalment_deferred",
            ),
            models.CheckConstraint(
                condition=Q(paid_principal_cents__gte=0)
                & Q(paid_principal_cents__lte=F("principal_cents"))
                & Q(paid_interest_cents__gte=0)
                & Q(paid_interest_cents__lte=F("interest_cents")),
                name="lending_instalment_not_overpaid",
            ),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True)
                | Q(
                    paid_principal_cents=F("principal_cents"),
                    paid_interest_cents=F("interest_cents"),
                ),
                name="lending_instalment_paid_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}/{self.number}"

    @property
    def total_cents(self) -> int:
        """The planned payment."""
        return self.principal_cents + self.interest_cents

    @property
    def open_cents(self) -> int:
        """What is still to be paid of it."""
        return self.total_cents - self.paid_principal_cents - self.paid_interest_cents


class Holding(models.Model):
    """One lender's claim on one loan: the sub-ledger of principal.

    `cover` is fixed with the loan. `pool_cents` is what the pool has given for this claim, less
    what it took; the claim on the borrower stays as it is.
    """

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="holdings", db_index=False
    )
    lender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holdings"
    )
    principal_cents = models.BigIntegerField(_("lent"))
    outstanding_cents = models.BigIntegerField(_("outstanding"))
    cover = models.CharField(
        _("cover"), max_length=4, choices=Cover, default=Cover.SOLO, db_default=Cover.SOLO
    )
    pool_cents = models.BigIntegerField(_("from the pool"), default=0, db_default=0)
    interest_cents = models.BigIntegerField(_("interest received"), default=0)
    default_interest_cents = models.BigIntegerField(_("default interest received"), default=0)
    fee_cents = models.BigIntegerField(_("fees paid"), default=0)
    written_off_cents = models.BigIntegerField(_("written off"), default=0)
    recovered_cents = models.BigIntegerField(_("recovered after write-off"), default=0)

    class Meta:
        verbose_name = _("holding")
        verbose_name_plural = _("holdings")
        constraints = [
            models.UniqueConstraint(fields=["loan", "lender"], name="lending_holding_once"),
            models.CheckConstraint(
                condition=Q(cover__in=Cover.values), name="lending_holding_cover"
            ),
            models.CheckConstraint(
                condition=Q(cover=Cover.POOL) | Q(pool_cents=0), name="lending_holding_solo_no_pool"
            ),
            models.CheckConstraint(
                condition=Q(principal_cents__gt=0)
                & Q(outstanding_cents__gte=0)
                & Q(written_off_cents__gte=0)
                & Q(interest_cents__gte=0)
                & Q(default_interest_cents__gte=0)
                & Q(recovered_cents__gte=0)
                & Q(recovered_cents__lte=F("written_off_cents"))
                & Q(fee_cents__gte=0)
                & Q(
                    outstanding_cents__lte=F("principal_cents") - F("written_off_cents"),
                ),
                name="lending_holding_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lender_id} in {self.loan_id}"

    @property
    def repaid_cents(self) -> int:
        """Principal that came back."""
        return self.principal_cents - self.outstanding_cents - self.written_off_cents
