"""Rounds with what they saw and decided, a receipt per stake, and what each lender is owed."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.models import Offer
from matching.states import UNFINISHED, RoundStatus


class MatchRound(models.Model):
    """One run of the engine over a snapshot of the market; can be replayed for ever.

    `seed_commitment` is fixed before the market is read, `seed` is shown once the round is decided.
    `snapshot` holds the compressed canonical bytes of the market, `market_sha256` names them;
    `chain_sha256` covers the outcome of this round and the chain of the one before.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=RoundStatus, default=RoundStatus.OPEN
    )
    rule_version = models.CharField(_("rules"), max_length=40)
    seed_commitment = models.CharField(_("seed commitment"), max_length=64)
    seed = models.CharField(_("seed"), max_length=80, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    taken_at = models.DateTimeField(_("market taken at"), null=True, blank=True)
    solved_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    booked_at = models.DateTimeField(_("booked at"), null=True, blank=True)
    snapshot = models.BinaryField(null=True)
    market_sha256 = models.CharField(_("market"), max_length=64, blank=True)
    output_sha256 = models.CharField(_("outcome"), max_length=64, blank=True)
    chain_sha256 = models.CharField(_("chain"), max_length=64, blank=True)
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    skipped = models.JSONField(_("requests left alone"), default=list, blank=True)
    fallen = models.JSONField(_("requests that fell back"), default=dict, blank=True)

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RoundStatus.values), name="matching_round_status"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["taken", "solved", "booked"])
                | Q(snapshot__isnull=False, taken_at__isnull=False) & ~Q(market_sha256=""),
                name="matching_round_taken_has_market",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["solved", "booked"])
                | Q(solved_at__isnull=False) & ~Q(seed="") & ~Q(output_sha256=""),
                name="matching_round_solved_has_outcome",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(status__in=sorted(UNFINISHED)),
                name="matching_round_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Receipt(models.Model):
    """Why a stake has the size that it has: the numbers from which its level can be recomputed.

    Attributes:
        bucket: number of the group of like requests in the round.
        level: of the stake's last portion, see `matching.engine.levels`.
        base: where its lender should have stood by then, in sixteenths of a cent.
        before_cents: placed in the round so far, less what earlier rounds owed.
        last_cents: size of the last portion.
        reason: name of a `matching.engine.limits.Reason`.
    """

    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, related_name="receipt")
    round = models.ForeignKey(MatchRound, on_delete=models.PROTECT, related_name="receipts")
    bucket = models.IntegerField(_("group"))
    level = models.BigIntegerField(_("level"))
    base = models.BigIntegerField(_("base"))
    before_cents = models.BigIntegerField(_("placed before"))
    last_cents = models.BigIntegerField(_("last portion"))
    reason = models.CharField(_("limited by"), max_length=16)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.CheckConstraint(
                condition=Q(base__gt=0, last_cents__gt=0), name="matching_receipt_numbers"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.offer_id}"


class LenderCarry(models.Model):
    """Fair share that rounds so far did not deliver; negative for a lender who got ahead."""

    lender = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="carry"
    )
    owed_cents = models.BigIntegerField(_("owed"), default=0)
    round = models.ForeignKey(MatchRound, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("carry")
        verbose_name_plural = _("carries")

    def __str__(self) -> str:
        return f"{self.lender_id}: {self.owed_cents}"


class Pulse(models.Model):
    """When the next round is due and when the last one was tried; a single row, by the wall clock.

    `due_at` gathers what happens within moments into one round; nothing is lost with the broker.
    """

    ONLY: Final = 1

    due_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="matching_pulse_is_single"),
        ]

    def __str__(self) -> str:
        return str(self.due_at)
