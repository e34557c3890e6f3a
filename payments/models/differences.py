"""What the provider's books and ours do not agree on, and money that is held until it is known."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ledger.models import Entry
from payments.models.books import ProviderLine
from payments.states import SuspenseStatus


class DifferenceKind(models.TextChoices):
    """In what the two books differ."""

    MISSING = "missing", _("Missing at the provider")
    EXTRA = "extra", _("Not in our books")
    AMOUNT = "amount", _("Another amount")
    FEE = "fee", _("Another charge")
    DATE = "date", _("Another day")
    TYPE = "type", _("Another type")
    DOUBLE = "double", _("Twice")
    TOTAL = "total", _("Another balance")


class Difference(models.Model):
    """One thing on which the books differ, from the day it was seen to the day it was gone."""

    kind = models.CharField(_("kind"), max_length=10, choices=DifferenceKind)
    subject = models.CharField(_("about"), max_length=120)
    transaction_id = models.CharField(_("line"), max_length=80, blank=True)
    expected_cents = models.BigIntegerField(_("in our books"))
    found_cents = models.BigIntegerField(_("at the provider"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    seen_on = models.DateField(_("open since"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    gone_on = models.DateField(_("gone on"), null=True, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DifferenceKind.values), name="payments_difference_kind"
            ),
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(gone_on__isnull=True),
                name="payments_difference_once_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class SuspenseCause(models.TextChoices):
    """What an unexplained line turned out to be."""

    BOOKED = "booked", _("Booked by its own row meanwhile")
    PERSON = "person", _("Belongs to a person")
    COST = "cost", _("A charge of the provider, or its return")
    CAPITAL = "capital", _("The operator's own money")


class SuspenseItem(models.Model):
    """A line that nobody could explain: its net amount rests in suspense until two people agree.

    `cents` is what the line did to our balance at the provider, below zero when money left.
    """

    line = models.OneToOneField(ProviderLine, on_delete=models.PROTECT, related_name="suspense")
    cents = models.BigIntegerField(_("amount"))
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="+", verbose_name=_("entry")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=SuspenseStatus, default=SuspenseStatus.OPEN
    )
    held_on = models.DateField(_("held since"))
    cause = models.CharField(_("cause"), max_length=10, choices=SuspenseCause, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    note = models.CharField(_("reason"), max_length=500, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("proposed by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("approved by"),
    )
    resolution = models.OneToOneField(
        Entry,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("entry that settled it"),
    )
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("money in suspense")
        verbose_name_plural = _("money in suspense")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=SuspenseStatus.values), name="payments_suspense_status"
            ),
            models.CheckConstraint(condition=~Q(cents=0), name="payments_suspense_moves"),
            models.CheckConstraint(
                condition=~Q(status=SuspenseStatus.SETTLED)
                | Q(resolution__isnull=False, settled_at__isnull=False),
                name="payments_suspense_settled",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("proposed_by")),
                name="payments_suspense_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return str(self.line)

    @property
    def reference(self) -> str:
        """The name of the entry that put it there."""
        return f"suspense:{self.line.transaction_id}"

    @property
    def resolution_reference(self) -> str:
        """The name of the entry that takes it out."""
        return f"suspense-settled:{self.line.transaction_id}"
