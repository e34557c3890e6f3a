"""The runs of the grade pools: what each month brought, shared claim by claim."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ledger.models import Entry
from lending.models.loans import Holding


class PoolRun(models.Model):
    """One month of one pool as it was worked out on one day.

    A later version corrects the one before it and books the differences alone. `month` is the
    first day of the month whose dues are shared; the ratio of the pool is `received_cents` over
    `due_cents`. Without `entry` nothing had to be booked.
    """

    grade = models.CharField(_("grade"), max_length=1)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    month = models.DateField(_("month"))
    version = models.PositiveSmallIntegerField(_("version"))
    due_cents = models.BigIntegerField(_("principal due"))
    received_cents = models.BigIntegerField(_("principal received"))
    run_on = models.DateField(_("worked out on"))
    run_at = models.DateTimeField()
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="pool_run", null=True, blank=True
    )

    class Meta:
        verbose_name = _("pool run")
        verbose_name_plural = _("pool runs")
        indexes = [models.Index(fields=["month", "grade"], name="lending_pool_run_month")]
        constraints = [
            models.UniqueConstraint(
                fields=["grade", "term_months", "month", "version"], name="lending_pool_run_once"
            ),
            models.CheckConstraint(
                condition=Q(received_cents__gte=0) & Q(received_cents__lte=F("due_cents")),
                name="lending_pool_run_amounts",
            ),
            models.CheckConstraint(
                condition=Q(month__day=1) & Q(version__gt=0), name="lending_pool_run_month_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grade}/{self.term_months} {self.month:%Y-%m} v{self.version}"

    @property
    def ratio(self) -> Decimal | None:
        """The part of what was due that came in; None where nothing was due."""
        return Decimal(self.received_cents) / self.due_cents if self.due_cents else None


class PoolBooking(models.Model):
    """What one claim was due and received in a run, and what the pool makes of it.

    `booking_cents` is what the pool gives this claim for the month (negative: takes);
    `delta_cents` is what this run had to book of it after the version before.
    """

    run = models.ForeignKey(PoolRun, on_delete=models.PROTECT, related_name="bookings")
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="pool_bookings")
    owed_cents = models.BigIntegerField(_("due to you"))
    received_cents = models.BigIntegerField(_("received"))
    target_cents = models.BigIntegerField(_("by the pool's ratio"))
    booking_cents = models.BigIntegerField(_("pool booking"))
    delta_cents = models.BigIntegerField(_("booked by this run"))

    class Meta:
        verbose_name = _("line of a pool run")
        verbose_name_plural = _("lines of pool runs")
        constraints = [
            models.UniqueConstraint(fields=["run", "holding"], name="lending_pool_booking_once"),
            models.CheckConstraint(
                condition=Q(received_cents__gte=0)
                & Q(received_cents__lte=F("owed_cents"))
                & Q(target_cents__gte=0)
                & Q(target_cents__lte=F("owed_cents"))
                & Q(booking_cents=F("target_cents") - F("received_cents")),
                name="lending_pool_booking_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} > {self.holding_id}: {self.delta_cents}"
