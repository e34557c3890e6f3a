"""A lender's money in figures, as of any day since the start."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, get_args

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import DayField, RateField
from api.permissions import IsLender
from api.views.base import Endpoint
from core.clock import business_date
from core.errors import InvalidInput
from lending.domain.return_bridge import BridgeStep, StepKind
from lending.domain.returns import Bucket
from lending.selectors.cash_forecast import expected_months
from lending.selectors.returns import lender_overview

_TOLD_MONTHS: Final = 24


class NotYetClosed(InvalidInput):
    """Books of a day to come."""

    code = "day_to_come"
    sentence = _("That day is still to come.")


class _Asked(serializers.Serializer[Any]):
    """Which day."""

    on = DayField(required=False)


class _Range(serializers.Serializer[Any]):
    """Late claims at nothing, at their discounts, in full."""

    low_cents = serializers.IntegerField()
    fair_cents = serializers.IntegerField()
    high_cents = serializers.IntegerField()


class _Returns(serializers.Serializer[Any]):
    """Money-weighted, per year, as fractions."""

    low = serializers.FloatField(allow_null=True)
    fair = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class _Step(serializers.Serializer[BridgeStep]):
    """One step from the contract rate to the net return."""

    kind = serializers.ChoiceField([(kind.value, kind.value) for kind in StepKind])
    hundredths_of_a_point = serializers.IntegerField(source="hundredths")
    is_level = serializers.BooleanField(help_text="A return by itself, no difference.")
    cents = serializers.IntegerField(help_text="The money behind it.")


class _BucketLine(serializers.Serializer[Any]):
    """Holdings that are equally late."""

    bucket = serializers.ChoiceField([(name, name) for name in get_args(Bucket)])
    holdings = serializers.IntegerField()
    principal_cents = serializers.IntegerField()
    haircut = RateField()
    value_cents = serializers.IntegerField()


class _Month(serializers.Serializer[Any]):
    """One month to come: as planned, and as some borrowers fail."""

    month = serializers.DateField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()
    fee_cents = serializers.IntegerField()
    net_cents = serializers.IntegerField(help_text="If every borrower pays as planned.")
    expected_cents = serializers.IntegerField()
    least_cents = serializers.IntegerField(help_text="If loans fail twice as often.")
    most_cents = serializers.IntegerField(help_text="If loans fail half as often.")


@extend_schema_serializer(component_name="Portfolio")
class _Portfolio(serializers.Serializer[Any]):
    """All figures at the end of `on`, as the books said then."""

    on = serializers.DateField()
    since = serializers.DateField(allow_null=True, help_text="First deposit.")
    is_new = serializers.BooleanField(help_text="Under 90 days: no return is told.")
    deposited_cents = serializers.IntegerField()
    withdrawn_cents = serializers.IntegerField()
    cash_cents = serializers.IntegerField(help_text="All that is not invested.")
    invested_cents = serializers.IntegerField(help_text="Principal outstanding, at par.")
    value = _Range(help_text="Cash and claims.")
    interest_cents = serializers.IntegerField()
    default_interest_cents = serializers.IntegerField()
    fee_cents = serializers.IntegerField()
    written_off_cents = serializers.IntegerField()
    recovered_cents = serializers.IntegerField()
    open_holdings = serializers.IntegerField()
    returns = _Returns(allow_null=True)
    bridge = _Step(many=True)
    buckets = _BucketLine(many=True)
    forecast = _Month(many=True, help_text="24 months from `on` by the plans in force; no return.")


class PortfolioView(Endpoint):
    """Value, return and what explains it."""

    permission_classes = (IsLender,)
    refusals = frozenset({422})

    def known_parameters(self) -> frozenset[str]:
        """A day of the past."""
        return frozenset({"on"})

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "on", {"type": "string", "format": "date"}, description="Default: today."
            )
        ],
        responses=_Portfolio,
        summary="My portfolio",
        tags=["holdings"],
    )
    def get(self, request: Request) -> Response:
        """The caller's money as of the end of a day; today as it stands now."""
        asked = _Asked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(_Portfolio(self._told(asked.validated_data.get("on"))).data)

    def _told(self, asked: date | None) -> dict[str, Any]:
        today = business_date()
        on = asked or today
        if on > today:
            raise NotYetClosed(on.isoformat(), field="on")
        overview = lender_overview(self.person, on)
        low, fair, high = overview.value
        names = set(_Portfolio().fields) - {"value", "returns", "forecast"}
        return {
            **{name: getattr(overview, name) for name in names},
            "value": {"low_cents": low, "fair_cents": fair, "high_cents": high},
            "returns": None if overview.is_new else overview.returns._asdict(),
            "forecast": expected_months(self.person, overview.books, _TOLD_MONTHS),
        }
