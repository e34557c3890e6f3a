"""The market's record, open to everyone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.views.base import Endpoint
from core.clock import business_date
from core.dates import ONE_DAY
from lending.choices import Grade
from lending.domain.returns import ReturnRange
from lending.selectors.statistics import Cohort, market_record

_SHARE: Final = {"type": "string", "format": "decimal", "example": "0.02500"}


@extend_schema_field(_SHARE)
class _ShareField(serializers.Field[Decimal, str, str, Any]):
    """A share of a whole as a fraction in text, with five places."""

    def to_representation(self, value: Decimal) -> str:
        """Write five places, without an exponent."""
        return f"{value:.5f}"


class _Totals(serializers.Serializer[Any]):
    """Loans added up."""

    loans = serializers.IntegerField()
    lent_cents = serializers.IntegerField()
    outstanding_cents = serializers.IntegerField()
    repaid_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()
    default_interest_cents = serializers.IntegerField()
    fee_cents = serializers.IntegerField(help_text="What lenders paid of what they received.")
    defaulted = serializers.IntegerField(help_text="Ever in default.")
    written_off_cents = serializers.IntegerField()
    recovered_cents = serializers.IntegerField()


class _Window(serializers.Serializer[Any]):
    """Twelve months: loans that failed in them, over those in order when they began."""

    from_on = serializers.DateField(source="window.from_on")
    to_on = serializers.DateField(source="window.to_on")
    defaulted = serializers.IntegerField()
    at_start = serializers.IntegerField()


class _DefaultRate(serializers.Serializer[Any]):
    """The simple mean over windows that do not overlap."""

    mean = _ShareField(allow_null=True)
    windows = _Window(many=True)


class _Grade(serializers.Serializer[Any]):
    """Defaults of one grade."""

    grade = serializers.ChoiceField(Grade.choices)
    totals = _Totals()
    expected = _ShareField(help_text="Expected probability of a default within a year.")
    default_rate = _DefaultRate(source="rate")
    least = serializers.IntegerField(help_text="Of all windows together, 95 of 100 cases.")
    most = serializers.IntegerField()
    is_as_expected = serializers.BooleanField(allow_null=True)


class _Funding(serializers.Serializer[Any]):
    """Principal by who placed it."""

    hand_cents = serializers.IntegerField()
    mandate_cents = serializers.IntegerField()
    api_cents = serializers.IntegerField()


class _CohortReturns(serializers.Serializer[ReturnRange]):
    """Realised per year, as fractions: late loans as lost, at their discount, in full."""

    low = serializers.FloatField(allow_null=True)
    fair = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class _Cohort(serializers.Serializer[Cohort]):
    """The loans paid out in one quarter."""

    quarter = serializers.CharField(source="name")
    totals = _Totals()
    curve = serializers.ListField(
        child=_ShareField(), help_text="Share ever in default, by months since payout from 0 on."
    )
    returns = _CohortReturns(allow_null=True, help_text="Null for the first 90 days.")
    pool_cents = serializers.IntegerField(
        help_text="What grade pools gave to these claims, less what they took."
    )
    funding = _Funding()


class _Bucket(serializers.Serializer[Any]):
    """Running loans that are equally late."""

    bucket = serializers.CharField()
    loans = serializers.IntegerField()
    outstanding_cents = serializers.IntegerField()


class _Asked(serializers.Serializer[Any]):
    """What became of the requests listed in one quarter."""

    quarter = serializers.CharField(source="name")
    listed = serializers.IntegerField()
    asked_cents = serializers.IntegerField()
    funded = serializers.IntegerField()
    unfunded = serializers.IntegerField()
    still_open = serializers.IntegerField()


@extend_schema_serializer(component_name="Statistics")
class _Record(serializers.Serializer[Any]):
    """Every loan since the market opened, as of the end of a day whose books are closed."""

    on = serializers.DateField()
    since = serializers.DateField(allow_null=True)
    totals = _Totals()
    withdrawn = serializers.IntegerField(help_text="Loans withdrawn from; in no other figure.")
    punctuality = _Bucket(many=True)
    default_rate = _DefaultRate(source="rate")
    grades = _Grade(many=True)
    cohorts = _Cohort(many=True)
    funding = _Funding()
    requests = _Asked(many=True)


class StatisticsView(Endpoint):
    """The figures of the statistics page."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=_Record, summary="The market's record", tags=["market"])
    def get(self, request: Request) -> Response:
        """Volume, defaults by grade and cohort, realised returns, and who funded."""
        record = market_record(business_date() - ONE_DAY)
        punctuality = [
            {"bucket": bucket, "loans": loans, "outstanding_cents": cents}
            for bucket, (loans, cents) in record.buckets.items()
        ]
        names = ("on", "since", "totals", "withdrawn", "rate", "grades", "cohorts", "funding")
        told = {name: getattr(record, name) for name in (*names, "requests")}
        return Response(_Record({**told, "punctuality": punctuality}).data)
