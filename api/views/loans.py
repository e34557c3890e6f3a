"""Loans as their borrower sees them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import RateField
from api.permissions import IsBorrower
from api.views.base import Endpoint, Listing
from core.clock import business_date
from lending.choices import FirstPeriod, Grade
from lending.domain.due_dates import days_past_due
from lending.models import Instalment, Loan
from lending.selectors.loans import loan_of_borrower, loans_of, schedule_of
from lending.states import LoanStatus


class LoanRow(serializers.Serializer[Loan]):
    """A loan of the caller."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.ChoiceField(LoanStatus.choices)
    request = serializers.UUIDField(source="request.public_id")
    title = serializers.CharField(source="request.title")
    grade = serializers.ChoiceField(Grade.choices)
    annual_rate = RateField()
    term_months = serializers.IntegerField()
    disbursed_on = serializers.DateField()
    first_due_on = serializers.DateField()
    first_period = serializers.ChoiceField(
        FirstPeriod.choices, help_text="How the days before the first whole month are paid."
    )
    last_due_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)
    principal_cents = serializers.IntegerField()
    fee_cents = serializers.IntegerField(help_text="Kept back at payout.")
    outstanding_cents = serializers.IntegerField(help_text="Principal not yet repaid.")
    total_cents = serializers.IntegerField(help_text="All instalments.")
    paid_cents = serializers.IntegerField()
    open_cents = serializers.IntegerField()
    paid_count = serializers.IntegerField(help_text="Instalments paid in full.")
    next_due_on = serializers.DateField(allow_null=True)
    days_past_due = serializers.SerializerMethodField()

    def get_days_past_due(self, loan: Any) -> int:
        """0 while nothing is late."""
        return days_past_due(loan.next_due_on, self.context["on"])


class PlannedPart(serializers.Serializer[Any]):
    """One payment of a plan that is not yet made."""

    due_on = serializers.DateField()
    total_cents = serializers.IntegerField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()


class PlannedInstalment(serializers.Serializer[Instalment]):
    """One row of the schedule, and what was paid of it."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()
    total_cents = serializers.IntegerField()
    balance_cents = serializers.IntegerField(help_text="Principal left after this payment.")
    paid_principal_cents = serializers.IntegerField()
    paid_interest_cents = serializers.IntegerField()
    open_cents = serializers.IntegerField()
    paid_on = serializers.DateField(allow_null=True)


class Schedule(serializers.Serializer[Any]):
    """All instalments in order."""

    results = PlannedInstalment(many=True)


@extend_schema_view(get=extend_schema(summary="My loans", tags=["loans"]))
class LoansView(Listing):
    """The caller's loans, newest first."""

    permission_classes = (IsBorrower,)
    serializer_class = LoanRow
    queryset = Loan.objects.none()
    orderings = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return loans_of(self.person)

    def row_context(self) -> dict[str, Any]:
        """Lateness is told as of the market's day."""
        return {"on": business_date()}


class LoanView(Endpoint):
    """One loan."""

    permission_classes = (IsBorrower,)

    @extend_schema(responses=LoanRow, summary="One loan", tags=["loans"])
    def get(self, request: Request, loan_id: int) -> Response:
        """A loan of the caller."""
        loan = loan_of_borrower(self.person, loan_id)
        return Response(LoanRow(loan, context={"on": business_date()}).data)


class LoanScheduleView(Endpoint):
    """The plan of one loan."""

    permission_classes = (IsBorrower,)

    @extend_schema(responses=Schedule, summary="Schedule of a loan", tags=["loans"])
    def get(self, request: Request, loan_id: int) -> Response:
        """All instalments of a loan of the caller, with what was paid of each."""
        return Response(Schedule({"results": schedule_of(self.person, loan_id)}).data)
