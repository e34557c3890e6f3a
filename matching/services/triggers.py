"""When a round is due: gathered in one row of the database, by the wall clock."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from matching.choices import PERIOD, QUIET
from matching.models import Pulse


@transaction.atomic
def ask_for_round(*, now: datetime) -> bool:
    """Make a round due shortly; False when one is already due, so that this one is in it."""
    pulse = _locked_pulse()
    if pulse.due_at is not None:
        return False
    pulse.due_at = now + QUIET
    pulse.save(update_fields=["due_at"])
    return True


@transaction.atomic
def claim_due_round(*, now: datetime) -> bool:
    """Whether the caller should run a round now; of several who ask at once one is told so.

    Due is a round that was asked for, or one after a quiet period of PERIOD.
    """
    _locked_pulse()
    ripe = Q(due_at__lte=now) | Q(tried_at__isnull=True) | Q(tried_at__lte=now - PERIOD)
    claimed = Pulse.objects.filter(ripe, pk=Pulse.ONLY).update(due_at=None, tried_at=now)
    return bool(claimed)


def _locked_pulse() -> Pulse:
    Pulse.objects.get_or_create(pk=Pulse.ONLY)
    return Pulse.objects.select_for_update().get(pk=Pulse.ONLY)
