"""The calculator, open to everyone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import (
    CentsField,
    DayField,
    OneOfField,
    RateField,
    StrictSerializer,
    WholeNumberField,
)
from api.views.base import Endpoint
from core.clock import business_date
from core.dates import add_months
from core.errors import InvalidInput
from lending.choices import DUE_DAYS, FirstPeriod, Grade
from lending.domain.pricing import price
from lending.domain.quote import Quote, first_due_date, quote
from lending.models import FeeKind
from lending.selectors.fees import fee_rate

MIN_QUOTE_CENTS: Final = 100_00
MAX_QUOTE_CENTS: Final = 10_000_000_00
MAX_QUOTE_MONTHS: Final = 120
HIGHEST_FEE_RATE: Final = Decimal("0.5")
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)


class NoAnnualRate(InvalidInput):
    """The payments are such that no annual percentage rate exists for them."""

    code = "no_apr"
    sentence = _("The first payment is too close to the payout for these costs.")


@extend_schema_serializer(
    component_name="Quote",
    examples=[
        OpenApiExample(
            "By rate",
            value={
                "amount_cents": 1_000_000,
                "annual_rate": "0.08",
                "term_months": 36,
                "disbursed_on": "2026-01-01",
                "first_due_on": "2026-02-01",
                "fee_rate": "0.025",
            },
            request_only=True,
        ),
        OpenApiExample(
            "By grade",
            value={"amount_cents": 500_000, "grade": "B", "term_months": 24, "due_day": 15},
            request_only=True,
        ),
    ],
)
class _Terms(StrictSerializer):
    """What is asked. Give either `annual_rate` or `grade`; for a grade the posted rate is taken."""

    amount_cents = CentsField(min_value=MIN_QUOTE_CENTS, max_value=MAX_QUOTE_CENTS)
    annual_rate = RateField(required=False, help_text="Nominal, as a fraction.")
    grade = OneOfField(Grade.choices, required=False)
    term_months = WholeNumberField(min_value=1, max_value=MAX_QUOTE_MONTHS)
    disbursed_on = DayField(required=False, help_text="Default: today on the market.")
    first_due_on = DayField(
        required=False,
        help_text="Default: the first `due_day` that is a month or more after the payout.",
    )
    due_day = WholeNumberField(
        required=False, min_value=1, max_value=28, help_text="Default: 1. Not with first_due_on."
    )
    first_period = OneOfField(
        FirstPeriod.choices,
        default=FirstPeriod.EQUAL,
        help_text=(
            "How the days before the first whole month are paid: `equal` spreads their interest "
            "over all instalments, `stub` adds it to the first."
        ),
    )
    fee_rate = RateField(
        required=False,
        help_text="Share of the amount kept at payout, at most 0.5. Default: the price list.",
    )

    def validate_fee_rate(self, rate: Decimal) -> Decimal:
        """Something must be left to pay out."""
        if rate > HIGHEST_FEE_RATE:
            raise serializers.ValidationError(_("The fee is at most half."), code="max_value")
        return rate

    def validate_disbursed_on(self, on: date) -> date:
        """Within the years that make sense."""
        if not FIRST_DAY <= on <= LAST_DAY:
            raise serializers.ValidationError(_("This day is out of range."), code="out_of_range")
        return on

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what was left open; raises for what contradicts itself."""
        _refuse_both_or_neither(attrs)
        on = attrs.setdefault("disbursed_on", business_date())
        if "first_due_on" not in attrs:
            attrs["first_due_on"] = first_due_date(on, attrs.get("due_day", DUE_DAYS[0]))
        if not on < attrs["first_due_on"] <= add_months(on, 12):
            sentence = _("The first payment is due after the payout and within a year of it.")
            raise serializers.ValidationError({"first_due_on": sentence}, code="out_of_range")
        if "fee_rate" not in attrs:
            attrs["fee_rate"] = fee_rate(FeeKind.BORROWER, max(on, business_date()))
        return attrs


@extend_schema_serializer(component_name="PlannedPayment")
class _PlannedPayment(serializers.Serializer[Any]):
    """One row of the schedule."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()
    total_cents = serializers.IntegerField()
    balance_cents = serializers.IntegerField(help_text="Principal left after this payment.")


class QuoteAnswer(serializers.Serializer[Any]):
    """The figures of the loan, to the cent."""

    amount_cents = serializers.IntegerField()
    annual_rate = RateField()
    grade = serializers.ChoiceField(Grade.choices, allow_null=True)
    term_months = serializers.IntegerField()
    disbursed_on = serializers.DateField()
    first_due_on = serializers.DateField()
    first_period = serializers.ChoiceField(FirstPeriod.choices)
    fee_rate = RateField()
    fee_cents = serializers.IntegerField()
    payout_cents = serializers.IntegerField(help_text="The amount less the fee.")
    instalment_cents = serializers.IntegerField(help_text="The usual monthly payment.")
    first_instalment_cents = serializers.IntegerField()
    last_instalment_cents = serializers.IntegerField()
    total_interest_cents = serializers.IntegerField()
    total_payable_cents = serializers.IntegerField(help_text="The sum of all instalments.")
    total_cost_cents = serializers.IntegerField(help_text="Interest and fee.")
    apr = serializers.CharField(help_text="Annual percentage rate as a fraction, ten places.")
    apr_percent = serializers.CharField(help_text="As it must be shown: per cent, two places.")
    schedule = _PlannedPayment(many=True)


class QuotesView(Endpoint):
    """Instalment, annual percentage rate and schedule of any loan."""

    permission_classes = (AllowAny,)
    refusals = frozenset({422})

    @extend_schema(
        request=_Terms, responses={200: QuoteAnswer}, summary="Quote a loan", tags=["quotes"]
    )
    def post(self, request: Request) -> Response:
        """Work out a loan. Nothing is stored; these are the figures of the page's calculator."""
        given = _Terms(data=request.data)
        given.is_valid(raise_exception=True)
        terms = given.validated_data
        return Response(QuoteAnswer(_answer(terms, _quote_of(terms))).data)


def _refuse_both_or_neither(attrs: dict[str, Any]) -> None:
    if ("annual_rate" in attrs) == ("grade" in attrs):
        sentence = _("Give either annual_rate or grade.")
        raise serializers.ValidationError({"annual_rate": sentence}, code="either_or")
    if "first_due_on" in attrs and "due_day" in attrs:
        sentence = _("Give either first_due_on or due_day.")
        raise serializers.ValidationError({"due_day": sentence}, code="either_or")


def _quote_of(terms: dict[str, Any]) -> Quote:
    rate = terms.get("annual_rate")
    if rate is None:
        rate = price(terms["grade"], terms["term_months"]).posted
    try:
        return quote(
            terms["amount_cents"],
            rate,
            terms["term_months"],
            terms["disbursed_on"],
            terms["first_due_on"],
            terms["fee_rate"],
            first_period=FirstPeriod(terms["first_period"]).rule,
        )
    except ValueError as error:
        raise NoAnnualRate(str(error), field="first_due_on") from error


def _answer(terms: dict[str, Any], figures: Quote) -> dict[str, Any]:
    return {
        "amount_cents": figures.amount_cents,
        "annual_rate": figures.annual_rate,
        "grade": terms.get("grade"),
        "term_months": figures.months,
        "disbursed_on": figures.disbursed_on,
        "first_due_on": figures.first_due_on,
        "first_period": terms["first_period"],
        "fee_rate": terms["fee_rate"],
        "fee_cents": figures.fee_cents,
        "payout_cents": figures.payout_cents,
        "instalment_cents": figures.instalment_cents,
        "first_instalment_cents": figures.first_instalment_cents,
        "last_instalment_cents": figures.last_instalment_cents,
        "total_interest_cents": figures.interest_cents,
        "total_payable_cents": figures.total_payable_cents,
        "total_cost_cents": figures.cost_cents,
        "apr": f"{figures.apr:.10f}",
        "apr_percent": str(figures.apr_percent),
        "schedule": _rows(figures),
    }


def _rows(figures: Quote) -> list[dict[str, Any]]:
    balance_cents, rows = figures.amount_cents, []
    for part in figures.instalments:
        balance_cents -= part.principal_cents
        row = {**part._asdict(), "total_cents": part.total_cents, "balance_cents": balance_cents}
        rows.append(row)
    return rows
