"""The grade pools: public figures, and what they did with the caller's claims."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.permissions import IsLender
from api.views.base import Endpoint, Listing
from core.clock import business_date
from lending.choices import Grade
from lending.models import PoolBooking
from lending.selectors.pools import PoolFigures, pool_figures, pool_lines_of


class PoolAnswer(serializers.Serializer[PoolFigures]):
    """One pool; ratios are received over due, as whole cents of both."""

    grade = serializers.ChoiceField(Grade.choices)
    term_months = serializers.IntegerField()
    claims = serializers.IntegerField(help_text="That still owe something.")
    months = serializers.IntegerField(help_text="Worked out so far.")
    month = serializers.DateField(
        allow_null=True, help_text="The latest of them, by its first day."
    )
    due_cents = serializers.IntegerField(help_text="Principal due in all those months.")
    received_cents = serializers.IntegerField()
    shared_cents = serializers.IntegerField(help_text="Paid in by some, paid out to others.")
    first_due_cents = serializers.IntegerField(help_text="Of the latest month, as first told.")
    first_received_cents = serializers.IntegerField()
    last_due_cents = serializers.IntegerField(help_text="Of the latest month, as it stands now.")
    last_received_cents = serializers.IntegerField()


class PoolLine(serializers.Serializer[PoolBooking]):
    """What a run did with one claim of the caller."""

    id = serializers.IntegerField()
    holding = serializers.IntegerField(source="holding_id")
    loan_number = serializers.CharField(source="holding.loan.number")
    grade = serializers.ChoiceField(Grade.choices, source="run.grade")
    term_months = serializers.IntegerField(source="run.term_months")
    month = serializers.DateField(source="run.month", help_text="By its first day.")
    version = serializers.IntegerField(source="run.version", help_text="Above 1: a correction.")
    run_on = serializers.DateField(source="run.run_on")
    pool_due_cents = serializers.IntegerField(source="run.due_cents")
    pool_received_cents = serializers.IntegerField(source="run.received_cents")
    owed_cents = serializers.IntegerField(help_text="Principal due to this claim in the month.")
    received_cents = serializers.IntegerField()
    target_cents = serializers.IntegerField(help_text="Due, by the pool's ratio.")
    booking_cents = serializers.IntegerField(help_text="Target less received.")
    delta_cents = serializers.IntegerField(help_text="Booked by this run, after earlier versions.")


class PoolsView(Endpoint):
    """All pools."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=PoolAnswer(many=True), summary="Grade pools", tags=["statistics"])
    def get(self, request: Request) -> Response:
        """Claims, ratios and what was shared, for each grade and term."""
        return Response(PoolAnswer(pool_figures(business_date()), many=True).data)


@extend_schema_view(get=extend_schema(summary="My lines of pool runs", tags=["holdings"]))
class PoolLinesView(Listing):
    """What the pools did with the caller's claims, newest first."""

    permission_classes = (IsLender,)
    serializer_class = PoolLine
    queryset = PoolBooking.objects.none()
    orderings = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return pool_lines_of(self.person)
