"""Rounds, receipts and carries, to look at."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin import EMPTY, ReadOnlyAdmin, in_euro
from matching import round_words
from matching.models import LenderCarry, MatchRound, Receipt
from matching.states import RoundStatus


@admin.register(MatchRound)
class MatchRoundAdmin(ReadOnlyAdmin):
    """Rounds, newest first, with their figures; `replay_round` proves them."""

    list_display = (
        "id",
        "status_shown",
        "opened_at",
        "requests_funded",
        "money_placed",
        "stakes",
        "fallen_back",
        "evenness",
    )
    list_filter = ("status",)
    ordering = ("-pk",)
    fields = (
        "status",
        "rule_version",
        "opened_at",
        "taken_at",
        "solved_at",
        "booked_at",
        "seed_commitment",
        "seed",
        "market_sha256",
        "output_sha256",
        "chain_sha256",
        "supply",
        "attainable",
        "demand",
        "money_placed",
        "requests_funded",
        "stakes",
        "lenders_served",
        "evenness",
        "unevenness",
        "left_alone",
        "gave_way",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatchRound]:
        """Leave the snapshots where they are."""
        return super().get_queryset(request).defer("snapshot")  # type: ignore[no-any-return]

    @display(
        description=_("status"),
        ordering="status",
        label={RoundStatus.BOOKED.label: "success", RoundStatus.REFUSED.label: "danger"},
    )
    def status_shown(self, match: MatchRound) -> str:
        """How far the round has come."""
        return match.get_status_display()

    @display(description=_("requests funded"))
    def requests_funded(self, match: MatchRound) -> str:
        """Funded of those in the market."""
        if not match.figures:
            return "–"
        return f"{match.figures['funded_requests']} / {match.figures['requests']}"

    @display(description=_("money placed"))
    def money_placed(self, match: MatchRound) -> str:
        """What the round decided to place."""
        return in_euro(match.figures.get("funded_cents"))

    @display(description=_("stakes"))
    def stakes(self, match: MatchRound) -> int | None:
        """How many stakes it decided on."""
        return match.figures.get("stakes")

    @display(description=_("fell back"))
    def fallen_back(self, match: MatchRound) -> int:
        """Requests that no longer fitted when they were booked."""
        return len(match.fallen)

    @display(description=_("evenness (Jain)"))
    def evenness(self, match: MatchRound) -> str:
        """1 when all lenders placed the same share of what they could."""
        return _rounded(match.figures.get("jain"))

    @display(description=_("inequality (Gini)"))
    def unevenness(self, match: MatchRound) -> str:
        """0 when all lenders placed the same share of what they could."""
        return _rounded(match.figures.get("gini"))

    @display(description=_("free cash of lenders"))
    def supply(self, match: MatchRound) -> str:
        """All cash that mandates could draw on."""
        return in_euro(match.figures.get("supply_cents"))

    @display(description=_("of this placeable"))
    def attainable(self, match: MatchRound) -> str:
        """What lenders could place in what was there."""
        return in_euro(match.figures.get("attainable_cents"))

    @display(description=_("amount wanted"))
    def demand(self, match: MatchRound) -> str:
        """What the requests in the market lacked of what mandates may place."""
        return in_euro(match.figures.get("demand_cents"))

    @display(description=_("lenders served"))
    def lenders_served(self, match: MatchRound) -> str:
        """Those who placed something, of those who could."""
        if not match.figures:
            return EMPTY
        return f"{match.figures['lenders_served']} / {match.figures['lenders_able']}"

    @display(description=_("requests left alone"))
    def left_alone(self, match: MatchRound) -> str:
        """What each lacked, and how many mandates each filter or limit kept out."""
        return _lines(round_words.left_alone(match))

    @display(description=_("requests that fell back"))
    def gave_way(self, match: MatchRound) -> str:
        """Those that no longer fitted when they were booked, and why."""
        return _lines(round_words.gave_way(match))


def _rounded(figure: float | None) -> str:
    return EMPTY if figure is None else number_format(figure, 3)


def _lines(rows: Iterable[str]) -> str:
    """Each row in a line of its own; a dash for none."""
    return format_html_join("", "<p>{}</p>", ((row,) for row in rows)) or EMPTY


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Why each stake has its size."""

    list_display = ("offer", "round", "reason", "level", "base", "written_before_cents")
    list_filter = ("reason",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        """Join the stake, and the round without its snapshot."""
        rows = super().get_queryset(request)
        return rows.select_related("offer", "round").defer("round__snapshot")  # type: ignore[no-any-return]


@admin.register(LenderCarry)
class LenderCarryAdmin(ReadOnlyAdmin):
    """What rounds so far owe each lender."""

    list_display = ("lender", "written_owed_cents", "round")
    search_fields = ("lender__email",)
    ordering = ("-owed_cents",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LenderCarry]:
        """Join the lender, and the round without its snapshot."""
        rows = super().get_queryset(request)
        return rows.select_related("lender", "round").defer("round__snapshot")  # type: ignore[no-any-return]
