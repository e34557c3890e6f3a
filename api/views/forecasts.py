"""What would be: a mandate tried on the past, and the chances of one's own request by rate."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import CentsField, RateField, TextField
from api.permissions import IsBorrower, IsLender
from api.views.base import Endpoint
from api.views.mandates import MandateOrder
from core import clock
from lending.choices import SHARE_CENTS
from lending.services.mandate_data import MandateData
from matching.selectors.backtests import Backtest, Yield, backtest, cash_to_try
from matching.selectors.funding_curves import FundingCurve, curve_of_public_request
from matching.selectors.misses import WORDS

MOST_TRIED_CENTS = 1_000_000_00


@extend_schema_serializer(component_name="MandateTrial")
class _TriedOrder(MandateOrder):
    """A mandate, and how much cash it is tried with."""

    name = TextField(max_length=60, default="–")
    cash_cents = CentsField(
        required=False,
        min_value=SHARE_CENTS,
        max_value=MOST_TRIED_CENTS,
        help_text="Default: the free cash less the reserve, or 5,000 euros where there is little.",
    )


class _Week(serializers.Serializer[Any]):
    """Seven days."""

    begins_on = serializers.DateField()
    stakes = serializers.IntegerField()
    placed_cents = serializers.IntegerField()


class _FilterCost(serializers.Serializer[Any]):
    """Requests that this filter alone refused."""

    name = serializers.ChoiceField(sorted(WORDS))
    requests = serializers.IntegerField()
    cents = serializers.IntegerField(help_text="What they asked for when they were first seen.")
    placed_cents = serializers.IntegerField(
        allow_null=True, help_text="Placed in all with this filter lifted; the dearest only."
    )
    full_on = serializers.DateField(allow_null=True, help_text="All placed, with it lifted.")


class _Expected(serializers.Serializer[Any]):
    """Averages by amount, as fractions a year, with the bands of the grades."""

    low_rate = RateField()
    mean_rate = RateField()
    high_rate = RateField()
    net = serializers.CharField(help_text="Return after losses and fees, five places.")
    net_low = serializers.CharField()
    net_high = serializers.CharField()
    loss = serializers.CharField()
    loss_low = serializers.CharField()
    loss_high = serializers.CharField()


class _Forecast(serializers.Serializer[Any]):
    """Days until everything is placed, by trials begun on different days."""

    days = serializers.ListField(
        child=serializers.IntegerField(allow_null=True),
        help_text="Of each trial, the quickest first; null for one not done at the end.",
    )
    typical = serializers.IntegerField(allow_null=True)
    history_days = serializers.IntegerField()
    is_thin = serializers.BooleanField(help_text="Too little history to rely on.")


class BacktestAnswer(serializers.Serializer[Any]):
    """What the mandate would have done in the last twelve months."""

    since = serializers.DateField()
    until = serializers.DateField()
    rounds = serializers.IntegerField(help_text="Rounds decided again.")
    total_rounds = serializers.IntegerField()
    coverage_percent = serializers.IntegerField(help_text="Their part of all money placed.")
    cash_cents = serializers.IntegerField()
    placed_cents = serializers.IntegerField()
    requests = serializers.IntegerField(help_text="Requests that came before these rounds.")
    matched = serializers.IntegerField(help_text="Of them, those that no filter refused.")
    staked = serializers.IntegerField(help_text="Of them, those with a stake.")
    stakes = serializers.IntegerField()
    full_on = serializers.DateField(allow_null=True)
    days_to_full = serializers.IntegerField(allow_null=True)
    weeks = _Week(many=True)
    expected = _Expected(allow_null=True)
    refused = serializers.DictField(child=serializers.IntegerField(), help_text="By filter.")
    costs = _FilterCost(many=True)
    forecast = _Forecast()


class MandateBacktestView(Endpoint):
    """A mandate on trial."""

    permission_classes = (IsLender,)
    refusals = frozenset({422})

    @extend_schema(
        request=_TriedOrder,
        responses={200: BacktestAnswer},
        summary="Try a mandate on the past",
        tags=["mandates"],
    )
    def post(self, request: Request) -> Response:
        """Decide the stored rounds of twelve months again with it. Nothing is written."""
        given = _TriedOrder(data=request.data)
        given.is_valid(raise_exception=True)
        told = dict(given.validated_data)
        cash_cents, at = told.pop("cash_cents", None), clock.now()
        data = MandateData(**told).checked(on=clock.day_of(at))
        if cash_cents is None:
            cash_cents = cash_to_try(self.person, data)
        found = backtest(self.person, data, at=at, cash_cents=cash_cents)
        return Response(BacktestAnswer(_told(found)).data)


def _told(found: Backtest) -> dict[str, Any]:
    plain = {item.name: getattr(found, item.name) for item in fields(Backtest)}
    expected = found.expected and {
        item.name: f"{getattr(found.expected, item.name):.5f}"
        if item.name.startswith(("net", "loss"))
        else getattr(found.expected, item.name)
        for item in fields(Yield)
    }
    more = {"days_to_full": found.days_to_full, "coverage_percent": int(found.coverage * 100)}
    return plain | more | {"expected": expected}


class _Point(serializers.Serializer[Any]):
    """A rate, and the trials in which it was enough."""

    rate = RateField()
    filled = serializers.IntegerField()
    trials = serializers.IntegerField()
    likely_day = serializers.IntegerField(
        allow_null=True, help_text="Half of those filled were full so many days after listing."
    )
    latest_day = serializers.IntegerField(allow_null=True)
    now = serializers.BooleanField(help_text="Whether the mandates of today would fill it.")
    price = RateField(
        allow_null=True,
        help_text="Half of those filled came to this rate or a lower one. In an auction `rate` is "
        "the highest that the borrower accepts.",
    )
    parts = serializers.IntegerField(help_text="So many of those filled were a part.")
    likely_cents = serializers.IntegerField(
        allow_null=True, help_text="Half of those filled reached at least this."
    )


class FundingCurveAnswer(serializers.Serializer[FundingCurve]):
    """Chances by rate, lowest first. Counted in trials on the past: no promise."""

    rate = RateField(help_text="The request's own.")
    amount_cents = serializers.IntegerField(
        source="asked.amount_cents", help_text="What is missing."
    )
    trials = serializers.IntegerField()
    is_thin = serializers.BooleanField(help_text="Too little history to rely on.")
    points = _Point(many=True)


class FundingCurveView(Endpoint):
    """The curve of the caller's own request."""

    permission_classes = (IsBorrower,)

    @extend_schema(
        responses=FundingCurveAnswer, summary="Chances by rate of my request", tags=["market"]
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """At which rates what is missing would be filled in time; 404 unless it is listed."""
        found = curve_of_public_request(self.person, public_id, at=clock.now())
        return Response(FundingCurveAnswer(found).data)
