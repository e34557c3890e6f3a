"""The market as everyone may see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.fields import RateField
from api.filters import MarketFilters
from api.views.base import Endpoint, Listing
from core.errors import NotFound
from lending.choices import FirstPeriod, Grade, PriceRule, Purpose
from lending.models import LoanRequest
from lending.selectors.market import listed_requests, market_request
from lending.states import RequestStatus


class MarketRequest(serializers.Serializer[LoanRequest]):
    """A loan request on the market; never who the borrower is."""

    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(RequestStatus.choices)
    title = serializers.CharField()
    story = serializers.CharField()
    purpose = serializers.ChoiceField(Purpose.choices)
    amount_cents = serializers.IntegerField()
    funded_cents = serializers.IntegerField()
    missing_cents = serializers.IntegerField(help_text="What is still to be funded.")
    funded_percent = serializers.IntegerField(help_text="Whole per cent, rounded down.")
    offers_count = serializers.IntegerField()
    term_months = serializers.IntegerField()
    annual_rate = RateField(help_text="The highest that it may come to where `rate_is_cap`.")
    rate_is_cap = serializers.BooleanField(help_text="An auction whose price is not found yet.")
    price_rule = serializers.ChoiceField(PriceRule.choices)
    floor_rate = RateField(
        allow_null=True, help_text="The lowest price of an auction; null for a fixed rate."
    )
    least_percent = serializers.IntegerField(
        help_text="The part that the borrower may take at the deadline; 100 is all or nothing."
    )
    grade = serializers.ChoiceField(Grade.choices)
    affordability_mark = serializers.IntegerField(
        allow_null=True, help_text="1 to 5: how much of the free income all debts take."
    )
    due_day = serializers.IntegerField()
    first_period = serializers.ChoiceField(
        FirstPeriod.choices, help_text="How the days before the first whole month are paid."
    )
    listed_at = serializers.DateTimeField()
    deadline_on = serializers.DateField(help_text="The last day on which bids are taken.")


@extend_schema_view(get=extend_schema(summary="Requests open for bids", tags=["market"]))
class MarketRequestsView(Listing):
    """All requests that take bids now, the nearest deadline first."""

    permission_classes = (AllowAny,)
    serializer_class = MarketRequest
    filterset_class = MarketFilters
    queryset = LoanRequest.objects.none()
    orderings = (
        "deadline_on",
        "-listed_at",
        "listed_at",
        "-annual_rate",
        "annual_rate",
        "-amount_cents",
        "amount_cents",
        "-term_months",
        "term_months",
        "-funded_percent",
        "funded_percent",
    )

    def get_queryset(self) -> QuerySet[Any]:
        """Public columns alone."""
        return listed_requests()


class MarketRequestView(Endpoint):
    """One request."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=MarketRequest, summary="One request", tags=["market"])
    def get(self, request: Request, public_id: UUID) -> Response:
        """A request on show; later on only its borrower, its lenders and staff still see it."""
        person = request.user if isinstance(request.user, User) else None
        found = market_request(public_id, person)
        if found.listed_at is None:
            raise NotFound(f"request {public_id} was never on the market")
        return Response(MarketRequest(found).data)
