"""Accounts, entries and the moves between accounts. Entries and moves are never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ledger.chain import Chain
from ledger.chart import EntryKind, Role, Side


class Account(models.Model):
    """One account; `balance_cents` counts in the direction of its own side."""

    role = models.CharField(max_length=20, choices=Role.choices)
    holder_id = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    side = models.CharField(max_length=6)
    may_overdraw = models.BooleanField(default=False)
    balance_cents = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["role", "holder_id", "currency"], name="ledger_account_once"
            ),
            models.CheckConstraint(
                condition=Q(balance_cents__gte=0) | Q(may_overdraw=True),
                name="ledger_account_not_overdrawn",
            ),
            models.CheckConstraint(
                condition=Q(side__in=[side.value for side in Side]), name="ledger_account_side"
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="ledger_account_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}:{self.holder_id}"


class Entry(models.Model):
    """One event of money, named by a reference that can be used once."""

    reference = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=24, choices=EntryKind.choices)
    effective_on = models.DateField()
    posted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        indexes = [models.Index(fields=["effective_on", "kind"], name="ledger_entry_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EntryKind.values), name="ledger_entry_kind_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.reference


class Transfer(models.Model):
    """One move: takes `cents` on the debit side of one account, gives on the credit side of one."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="transfers")
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    cents = models.BigIntegerField()

    class Meta:
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="ledger_transfer_positive"),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="ledger_transfer_between_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debit_id} > {self.credit_id}: {self.cents}"


class Seal(models.Model):
    """Ties rows of a chain, and the seal before it, to one digest. Never changed."""

    chain = models.CharField(_("chain"), max_length=8, choices=Chain.choices)
    number = models.PositiveIntegerField(_("number"))
    first_id = models.BigIntegerField(_("first row"))
    last_id = models.BigIntegerField(_("last row"))
    rows = models.PositiveIntegerField(_("rows"))
    previous_digest = models.CharField(_("previous digest"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="ledger_seal_once"),
            models.CheckConstraint(
                condition=Q(number__gt=0, rows__gt=0, last_id__gte=F("first_id")),
                name="ledger_seal_covers_rows",
            ),
            models.CheckConstraint(
                condition=Q(chain__in=Chain.values), name="ledger_seal_chain_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.number}"


class ChainCheck(models.Model):
    """One recount of every chain, with what it found."""

    checked_at = models.DateTimeField(_("checked at"))
    seals = models.PositiveIntegerField(_("seals"))
    differences = models.PositiveIntegerField(_("differences"))
    first_difference = models.TextField(_("first difference"), blank=True)

    class Meta:
        verbose_name = _("recount of the seals")
        verbose_name_plural = _("recounts of the seals")

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {self.differences}"
