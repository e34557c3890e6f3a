"""Rounds as staff see them, without the snapshots."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from accounts.models import User
from core.errors import NotFound
from matching.models import MatchRound
from matching.states import RoundStatus


def rounds_for(user: User) -> QuerySet[MatchRound]:
    """Every round, newest first, with `receipts_count`; NotFound for anyone but staff."""
    if not user.is_staff:
        raise NotFound("rounds")
    rounds = MatchRound.objects.defer("snapshot").annotate(receipts_count=Count("receipts"))
    return rounds.order_by("-pk")


def round_for(user: User, round_id: int) -> MatchRound:
    """One round; NotFound for anyone but staff."""
    found = rounds_for(user).filter(pk=round_id).first()
    if found is None:
        raise NotFound(f"round {round_id}")
    return found


def last_booked_round() -> MatchRound | None:
    """The last round that came to its end; its figures are public, its snapshot is not read."""
    booked = MatchRound.objects.filter(status=RoundStatus.BOOKED).defer("snapshot")
    return booked.order_by("-pk").first()
