"""Rounds of the engine in figures, open to everyone."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.views.base import Endpoint, Listing
from matching.models import MatchRound
from matching.selectors.rounds import public_round, public_rounds


class _Size(serializers.Serializer[Any]):
    """Lenders who could place at least so much, up to the next class."""

    least_cents = serializers.IntegerField()
    lenders = serializers.IntegerField()
    attainable_cents = serializers.IntegerField(help_text="What they could have placed.")
    placed_cents = serializers.IntegerField()


class _Figures(serializers.Serializer[Any]):
    """A round in numbers."""

    requests = serializers.IntegerField()
    funded_requests = serializers.IntegerField()
    demand_cents = serializers.IntegerField()
    supply_cents = serializers.IntegerField(help_text="Free cash of lenders.")
    attainable_cents = serializers.IntegerField(help_text="What mandates could have placed of it.")
    funded_cents = serializers.IntegerField()
    stakes = serializers.IntegerField()
    lenders_able = serializers.IntegerField()
    lenders_served = serializers.IntegerField()
    jain = serializers.FloatField(help_text="Evenness of fill rates; 1 where all are equal.")
    gini = serializers.FloatField(help_text="Inequality of fill rates; 0 where all are equal.")
    sizes = _Size(many=True, required=False)
    fill_tenths = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Lenders who placed up to a tenth of what they could, up to two tenths, and on.",
    )


@extend_schema_serializer(component_name="Round")
class _Round(serializers.Serializer[MatchRound]):
    """One round, with what anybody needs to check it."""

    id = serializers.IntegerField()
    taken_at = serializers.DateTimeField(help_text="When the market was read.")
    booked_at = serializers.DateTimeField()
    rule_version = serializers.CharField()
    seed_commitment = serializers.CharField(help_text="Stored before the market was read.")
    seed = serializers.CharField()
    market_sha256 = serializers.CharField()
    output_sha256 = serializers.CharField()
    chain_sha256 = serializers.CharField(help_text="Covers the outcome and the round before.")
    figures = _Figures()


@extend_schema_view(get=extend_schema(summary="Rounds that placed money", tags=["market"]))
class RoundsView(Listing):
    """Rounds that placed money, newest first."""

    permission_classes = (AllowAny,)
    serializer_class = _Round
    queryset = MatchRound.objects.none()
    orderings = ("-taken_at", "taken_at")

    def get_queryset(self) -> QuerySet[Any]:
        """Without the snapshots, which name people."""
        return public_rounds()


class RoundView(Endpoint):
    """One round."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=_Round, summary="One round", tags=["market"])
    def get(self, request: Request, round_id: int) -> Response:
        """A booked round that placed money."""
        return Response(_Round(public_round(round_id)).data)
