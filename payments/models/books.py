"""The provider's books as we read them: every line once, and a statement of each business day."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class BooksMark(models.Model):
    """How far the provider's books were read; a single row."""

    ONLY: Final = 1

    read_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="payments_books_mark_is_single")
        ]

    def __str__(self) -> str:
        return str(self.read_until)


class ProviderStatement(models.Model):
    """The provider's books on one business day, ours beside them; never made anew.

    Lines that became known only after their day's statement stand in the next one, so that each
    line stands in one statement and an opening balance is the closing balance of the one before.
    """

    business_on = models.DateField(_("business day"), unique=True)
    opening_cents = models.BigIntegerField(_("opening balance"))
    closing_cents = models.BigIntegerField(_("closing balance"))
    lines_count = models.PositiveIntegerField(_("lines"))
    amount_cents = models.BigIntegerField(_("amounts"))
    fee_cents = models.BigIntegerField(_("charges"))
    reported_cents = models.BigIntegerField(_("reported by the provider"), null=True, blank=True)
    later_cents = models.BigIntegerField(_("of later days"), default=0)
    own_cents = models.BigIntegerField(_("in our books"))
    suspense_cents = models.BigIntegerField(_("held in suspense"))
    differences_count = models.PositiveIntegerField(_("open differences"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("daily statement")
        verbose_name_plural = _("daily statements")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    closing_cents=models.F("opening_cents")
                    + models.F("amount_cents")
                    - models.F("fee_cents")
                ),
                name="payments_statement_adds_up",
            )
        ]

    def __str__(self) -> str:
        return self.business_on.isoformat()


class StatementRow(models.Model):
    """The lines of one type in a statement, and what our rows say that they should be."""

    statement = models.ForeignKey(ProviderStatement, on_delete=models.PROTECT, related_name="rows")
    kind = models.CharField(_("type"), max_length=40)
    lines_count = models.PositiveIntegerField(_("lines"))
    amount_cents = models.BigIntegerField(_("amounts"))
    fee_cents = models.BigIntegerField(_("charges"))
    own_count = models.PositiveIntegerField(_("in our books"))
    own_amount_cents = models.BigIntegerField(_("amounts in our books"))
    own_fee_cents = models.BigIntegerField(_("charges in our books"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "kind"], name="payments_statement_row_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.kind}"


class ProviderLine(models.Model):
    """One line of the provider's books about our balance, as it was when we first read it.

    `now_says` holds what the provider says when that is not the same any more; `is_gone` that it
    no longer lists the line. Neither changes what was read.
    """

    transaction_id = models.CharField(_("line"), max_length=80, unique=True)
    kind = models.CharField(_("type"), max_length=40)
    source_id = models.CharField(_("about"), max_length=80, blank=True, db_index=True)
    amount_cents = models.BigIntegerField(_("amount"))
    fee_cents = models.BigIntegerField(_("charge"))
    net_cents = models.BigIntegerField(_("net"))
    created_at = models.DateTimeField(_("booked there at"), db_index=True)
    booked_on = models.DateField(_("booked there on"), db_index=True)
    available_on = models.DateField(_("may be used from"))
    read_at = models.DateTimeField(_("read at"))
    now_says = models.JSONField(_("says now"), null=True, blank=True)
    is_gone = models.BooleanField(_("no longer there"), default=False)
    agreed_on = models.DateField(_("agreed with our books on"), null=True, blank=True)
    statement = models.ForeignKey(
        ProviderStatement,
        on_delete=models.PROTECT,
        related_name="lines",
        null=True,
        blank=True,
        verbose_name=_("daily statement"),
    )

    class Meta:
        verbose_name = _("line of the provider's books")
        verbose_name_plural = _("lines of the provider's books")
        indexes = [
            models.Index(
                fields=["booked_on"],
                condition=Q(statement__isnull=True),
                name="payments_line_to_state",
            )
        ]

    def __str__(self) -> str:
        return self.transaction_id
