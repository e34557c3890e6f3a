"""Past rounds as they were stored, decoded once and kept: the ground of every forecast."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from django.db.models import BigIntegerField, Count, F, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Length

from core.clock import day_of
from matching.engine.backtest import PastRound
from matching.engine.problem import Market
from matching.engine.snapshot import market_from_bytes
from matching.models import MatchRound
from matching.states import RoundStatus

WINDOW: Final = timedelta(days=365)
MOST_ROUNDS: Final = 400
MOST_BYTES: Final = 1_500_000
"""Of compressed snapshots: as much as can be decided again in about a second."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Rounds of the past, the earliest first.

    A market with very many rounds is told by those that placed most.

    Attributes:
        total: how many rounds there were.
        placed_cents, all_placed_cents: what mandates placed in these rounds, and in all of them.
    """

    rounds: tuple[PastRound, ...]
    total: int
    placed_cents: int
    all_placed_cents: int

    @property
    def days(self) -> int:
        """From the first round to the last."""
        return (self.rounds[-1].on - self.rounds[0].on).days if self.rounds else 0

    @property
    def coverage(self) -> float:
        """The part of all placed money that these rounds placed, 0 to 1."""
        return self.placed_cents / self.all_placed_cents if self.all_placed_cents else 1.0


class _Shelf:
    """Markets by the hash of their bytes; the ones used last stay."""

    def __init__(self) -> None:
        self._markets: OrderedDict[str, Market] = OrderedDict()
        self._lock = Lock()

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[Market]:
        """The markets of these rounds; what is not kept is read in one query."""
        found = {row["market_sha256"]: self._markets.get(row["market_sha256"]) for row in rows}
        unread = {
            row["id"]: row["market_sha256"] for row in rows if not found[row["market_sha256"]]
        }
        stored = MatchRound.objects.filter(pk__in=unread).values_list("pk", "snapshot")
        for pk, snapshot in stored:
            found[unread[pk]] = market_from_bytes(zlib.decompress(bytes(snapshot or b"")))
        markets = {name: market for name, market in found.items() if market is not None}
        self._keep(markets)
        return [markets[row["market_sha256"]] for row in rows]

    def _keep(self, markets: dict[str, Market]) -> None:
        """Put these on top and let go of the ones at the bottom."""
        with self._lock:
            for name, market in markets.items():
                self._markets[name] = market
                self._markets.move_to_end(name)
            while len(self._markets) > MOST_ROUNDS:
                self._markets.popitem(last=False)


_shelf: Final = _Shelf()


def history(*, since: datetime, until: datetime) -> History:
    """The booked rounds whose market was taken between two instants; three queries."""
    booked = MatchRound.objects.filter(
        status=RoundStatus.BOOKED, taken_at__gte=since, taken_at__lte=until
    )
    booked = booked.annotate(funded=_funded())
    totals = booked.aggregate(rounds=Count("pk"), cents=Coalesce(Sum("funded"), 0))
    rows = _within_bytes(booked)
    markets = _shelf.of(rows)
    return History(
        rounds=tuple(_past(row, market) for row, market in zip(rows, markets, strict=True)),
        total=totals["rounds"],
        placed_cents=sum(row["funded"] for row in rows),
        all_placed_cents=totals["cents"],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A round that had a certain request in its market."""

    round_id: int
    past: PastRound


def last_sight(request_id: int, *, since: datetime, until: datetime) -> Sight | None:
    """The last booked round between two instants that had a request in its market.

    Every round sees all that is on the market, so few are looked at; at most two queries.
    """
    booked = MatchRound.objects.filter(
        status=RoundStatus.BOOKED, taken_at__gte=since, taken_at__lte=until
    )
    rows = list(booked.order_by("-pk").values("id", "taken_at", "seed", "market_sha256")[:_NEAR])
    for row, market in zip(rows, _shelf.of(rows), strict=True):
        if request_id in market.requests.ids:
            return Sight(row["id"], _past(row, market))
    return None


_NEAR: Final = 3


def _past(row: Mapping[str, Any], market: Market) -> PastRound:
    return PastRound(row["taken_at"], day_of(row["taken_at"]), int(row["seed"]), market)


def _funded() -> Any:
    return Coalesce(Cast(KT("figures__funded_cents"), BigIntegerField()), 0)


def _within_bytes(booked: QuerySet[MatchRound]) -> list[dict[str, Any]]:
    """The rounds that placed most, as many as may be decided again, in the order of time."""
    columns = booked.annotate(size=Length(F("snapshot"))).values(
        "id", "taken_at", "seed", "market_sha256", "funded", "size"
    )
    rows: list[dict[str, Any]] = []
    size = 0
    for row in columns.order_by("-funded", "-pk")[:MOST_ROUNDS]:
        size += row["size"]
        if rows and size > MOST_BYTES:
            break
        rows.append(dict(row))
    return sorted(rows, key=lambda row: row["id"])
