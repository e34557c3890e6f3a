"""Holdings: what a lender has in loans."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import RateField
from api.permissions import IsLender
from api.views.base import Endpoint, Listing
from core.clock import business_date
from lending.choices import Cover, Grade
from lending.domain.returns import Bucket
from lending.models import Holding, RepaymentShare
from lending.selectors.holdings import holding_of, holdings_of, lateness, shares_of, value_of
from lending.states import LoanStatus


class HoldingRow(serializers.Serializer[Holding]):
    """A claim of the caller on a loan."""

    id = serializers.IntegerField()
    loan_number = serializers.CharField(source="loan.number")
    request = serializers.UUIDField(source="loan.request.public_id")
    title = serializers.CharField(source="loan.request.title")
    loan_status = serializers.ChoiceField(LoanStatus.choices, source="loan.status")
    grade = serializers.ChoiceField(Grade.choices, source="loan.grade")
    annual_rate = RateField(source="loan.annual_rate")
    term_months = serializers.IntegerField(source="loan.term_months")
    disbursed_on = serializers.DateField(source="loan.disbursed_on")
    next_due_on = serializers.DateField(
        allow_null=True, help_text="Of the oldest instalment not fully paid."
    )
    principal_cents = serializers.IntegerField(help_text="What was lent.")
    cover = serializers.ChoiceField(Cover.choices)
    pool_cents = serializers.IntegerField(help_text="From the pool less what it took, so far.")
    outstanding_cents = serializers.IntegerField()
    repaid_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField(help_text="Received so far, before fees.")
    default_interest_cents = serializers.IntegerField()
    recovered_cents = serializers.IntegerField(help_text="After a write-off.")
    fee_cents = serializers.IntegerField()
    received_cents = serializers.IntegerField(help_text="All that was received, less fees.")
    written_off_cents = serializers.IntegerField()
    value_cents = serializers.SerializerMethodField()
    value_on = serializers.SerializerMethodField()
    days_past_due = serializers.SerializerMethodField()
    bucket = serializers.SerializerMethodField()

    def get_value_cents(self, holding: Holding) -> int:
        """Outstanding principal after the discount of its bucket."""
        return value_of(holding, self.context["on"])

    def get_value_on(self, holding: Holding) -> date:
        """The day of the value and of the days past due: today on the market."""
        day: date = self.context["on"]
        return day

    def get_days_past_due(self, holding: Holding) -> int:
        """0 while nothing is late."""
        return lateness(holding, self.context["on"])[0]

    @extend_schema_field({"type": "string", "enum": list(get_args(Bucket))})
    def get_bucket(self, holding: Holding) -> str:
        """The band of arrears."""
        return lateness(holding, self.context["on"])[1]


class HoldingShare(serializers.Serializer[RepaymentShare]):
    """What the holding received of one payment."""

    received_on = serializers.DateField(source="repayment.received_on")
    reversed_on = serializers.DateField(
        source="repayment.reversed_on",
        allow_null=True,
        help_text="From this day on it counts no more: the bank took the payment back.",
    )
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()
    default_interest_cents = serializers.IntegerField()
    recovered_cents = serializers.IntegerField()
    fee_cents = serializers.IntegerField()
    net_cents = serializers.SerializerMethodField()

    def get_net_cents(self, share: RepaymentShare) -> int:
        """What was booked to the lender's cash."""
        earned = share.interest_cents + share.default_interest_cents + share.recovered_cents
        return share.principal_cents + earned - share.fee_cents


class HoldingDetail(HoldingRow):
    """A holding with every payment that it received, newest first."""

    shares = HoldingShare(many=True, source="shares_shown")


@extend_schema_view(get=extend_schema(summary="My holdings", tags=["holdings"]))
class HoldingsView(Listing):
    """The caller's holdings, newest first."""

    permission_classes = (IsLender,)
    serializer_class = HoldingRow
    queryset = Holding.objects.none()
    orderings = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return holdings_of(self.person)

    def row_context(self) -> dict[str, Any]:
        """Lateness is told as of the market's day."""
        return {"on": business_date()}


class HoldingView(Endpoint):
    """One holding."""

    permission_classes = (IsLender,)

    @extend_schema(responses=HoldingDetail, summary="One holding", tags=["holdings"])
    def get(self, request: Request, holding_id: int) -> Response:
        """A holding of the caller with its payments."""
        holding: Any = holding_of(self.person, holding_id)
        holding.shares_shown = shares_of(self.person, holding_id)
        return Response(HoldingDetail(holding, context={"on": business_date()}).data)
