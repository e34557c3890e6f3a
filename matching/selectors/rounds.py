"""Rounds as staff see them, without the snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet

from accounts.models import User
from core.errors import NotFound
from matching.models import MatchRound
from matching.states import RoundStatus


@dataclass(frozen=True)
class MonthOfRounds:
    """The rounds of one month together.

    Attributes:
        jain, gini: means over rounds that placed money, each weighted with the money placed.
        by_hand_cents, by_mandate_cents, by_api_cents: offers placed in the month that were not
            revoked or released.
    """

    month: date
    rounds: int
    funded_requests: int
    funded_cents: int
    jain: Decimal
    gini: Decimal
    by_hand_cents: int
    by_mandate_cents: int
    by_api_cents: int

    @property
    def bid_cents(self) -> int:
        """All that was offered in the month and stood."""
        return self.by_hand_cents + self.by_mandate_cents + self.by_api_cents


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


def public_rounds() -> QuerySet[MatchRound]:
    """Rounds that placed money, newest first: anybody may read their figures, nobody's name."""
    booked = MatchRound.objects.filter(status=RoundStatus.BOOKED, figures__funded_cents__gt=0)
    return booked.defer("snapshot", "skipped", "fallen").order_by("-pk")


def public_round(round_id: int) -> MatchRound:
    """One booked round with its figures; NotFound while it is not done, or placed nothing."""
    found = public_rounds().filter(pk=round_id).first()
    if found is None:
        raise NotFound(f"round {round_id}")
    return found


def rounds_by_month() -> list[MonthOfRounds]:
    """What the rounds of each month did, and who funded what was bid in it; newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_MONTH, {"zone": settings.TIME_ZONE})
        return [MonthOfRounds(*row) for row in cursor.fetchall()]


def last_booked_round() -> MatchRound | None:
    """The last round that came to its end; its figures are public, its snapshot is not read."""
    booked = MatchRound.objects.filter(status=RoundStatus.BOOKED).defer("snapshot")
    return booked.order_by("-pk").first()


_BY_MONTH: Final = """
WITH played AS (
    SELECT date_trunc('month', taken_at AT TIME ZONE %(zone)s)::date AS month,
           (figures->>'funded_cents')::bigint AS cents,
           (figures->>'funded_requests')::int AS requests,
           (figures->>'jain')::numeric AS jain, (figures->>'gini')::numeric AS gini
    FROM matching_matchround
    WHERE status = 'booked' AND (figures->>'funded_cents')::bigint > 0
), offered AS (
    SELECT date_trunc('month', placed_at AT TIME ZONE %(zone)s)::date AS month, source,
           sum(amount_cents) AS cents
    FROM lending_offer WHERE status IN ('open', 'converted') GROUP BY 1, 2
), by_source AS (
    SELECT month, coalesce(sum(cents) FILTER (WHERE source = 'hand'), 0) AS hand,
           coalesce(sum(cents) FILTER (WHERE source = 'mandate'), 0) AS mandate,
           coalesce(sum(cents) FILTER (WHERE source = 'api'), 0) AS api
    FROM offered GROUP BY 1
)
SELECT played.month, count(*), sum(played.requests), sum(played.cents),
       sum(played.jain * played.cents) / sum(played.cents),
       sum(played.gini * played.cents) / sum(played.cents),
       max(coalesce(by_source.hand, 0))::bigint, max(coalesce(by_source.mandate, 0))::bigint,
       max(coalesce(by_source.api, 0))::bigint
FROM played LEFT JOIN by_source ON by_source.month = played.month
GROUP BY 1 ORDER BY 1 DESC
"""
