"""The rounds of the engine in figures, open to everyone: how much, how evenly, and who funded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from matching.engine.figures import SIZES
from matching.models import MatchRound
from matching.selectors.rounds import public_round, public_rounds, rounds_by_month
from web import charts
from web.paging import other_pages, page_of

_CENTS: Final = 100


@dataclass(frozen=True)
class _Size:
    """A class of lenders by what they could place; `below_cents` is None for the largest."""

    least_cents: int
    below_cents: int | None
    lenders: int
    attainable_cents: int
    placed_cents: int

    @property
    def rate(self) -> Decimal:
        """The share of what they could place that they placed."""
        return Decimal(self.placed_cents) / self.attainable_cents


@require_safe
def rounds(request: HttpRequest) -> HttpResponse:
    """What the rounds did, month by month, and one by one."""
    page = page_of(request, public_rounds())
    context = {"months": rounds_by_month(), "page": page, "pages": other_pages(request)}
    return render(request, "market/rounds.html", context)


@require_safe
def round_page(request: HttpRequest, round_id: int) -> HttpResponse:
    """One round: supply and demand, how evenly lenders were served, and how to check it."""
    match = public_round(round_id)
    context = {
        "match": match,
        "f": match.figures,
        "sizes": _sizes(match),
        "tenths": _tenths(match.figures.get("fill_tenths", [])),
    }
    return render(request, "market/round.html", context)


def _sizes(match: MatchRound) -> list[_Size]:
    """The classes of lenders; rounds of an earlier release did not count them."""
    below = dict(pairwise(SIZES))
    return [
        _Size(below_cents=below.get(row["least_cents"]), **row)
        for row in match.figures.get("sizes", [])
    ]


def _tenths(counts: list[int]) -> dict[str, Any] | None:
    """Columns: lenders by the share of what they could place; None where nobody counted."""
    if not counts:
        return None
    drawn = charts.column_chart([count * _CENTS for count in counts], [0] * len(counts))
    rows = [
        (Decimal(place) / len(counts), Decimal(place + 1) / len(counts), count)
        for place, count in enumerate(counts)
    ]
    ticks = [(tick.cents // _CENTS, tick.y) for tick in drawn.ticks]
    return {"boxes": drawn.lower, "ticks": ticks, "rows": rows}
