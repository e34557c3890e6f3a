"""Repaying a loan early and withdrawing from its contract, for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Nothing, StrictSerializer
from api.idempotency import KEY_PARAMETER, REPLAYED, once
from api.permissions import IsBorrower
from api.throttling import MoneyWrites, PerPerson
from api.views.base import Endpoint
from api.views.loans import PlannedPart
from core.clock import business_date, now
from lending.models import Loan, Repayment, RepaymentKind
from lending.selectors.contract_withdrawals import WithdrawalTerms, withdrawal_terms
from lending.selectors.early_repayment import KEEPS, PartPayoff, Payoff, part_of, payoff_quote
from lending.selectors.loans import loan_of_borrower
from lending.services.contract_withdrawals import withdraw_from_contract
from lending.services.early_repayment import repay_early
from lending.states import LoanStatus

_MOST_CENTS = 10**9


class _Asked(StrictSerializer):
    """For which day, and for a part how much."""

    on = serializers.DateField(required=False, help_text="A day to come; today when left out.")
    amount_cents = serializers.IntegerField(
        required=False, min_value=1, max_value=_MOST_CENTS, help_text="Left out: everything."
    )


class PartOption(serializers.Serializer[PartPayoff]):
    """A part repayment in one of its two ways."""

    keep = serializers.ChoiceField([(keep, keep) for keep in KEEPS])
    principal_cents = serializers.IntegerField(help_text="Principal repaid early.")
    instalment_cents = serializers.IntegerField(help_text="The usual payment after it.")
    ends_on = serializers.DateField()
    saved_cents = serializers.IntegerField(help_text="Interest that need not be paid any more.")
    fee_refund_cents = serializers.IntegerField()
    plan = PlannedPart(many=True)


class PayoffAnswer(serializers.Serializer[Payoff]):
    """What ends the loan on a day; it holds on that day."""

    on = serializers.DateField()
    valid_until = serializers.DateField()
    dues_cents = serializers.IntegerField(source="due.dues_cents")
    costs_cents = serializers.IntegerField(source="due.costs_cents")
    default_interest_cents = serializers.IntegerField(source="due.default_interest_cents")
    principal_cents = serializers.IntegerField(help_text="Principal not yet due.")
    interest_cents = serializers.IntegerField(source="interest.to_the_day_cents")
    compensation_cents = serializers.IntegerField()
    compensation_cap_cents = serializers.IntegerField(
        source="cap_cents", help_text="What the law would allow; none is charged."
    )
    fee_refund_cents = serializers.IntegerField()
    total_cents = serializers.IntegerField()
    saved_cents = serializers.IntegerField(source="interest.saved_cents")
    parts = serializers.SerializerMethodField(help_text="With an amount: both ways of a part.")

    def get_parts(self, payoff: Payoff) -> list[dict[str, Any]]:
        """Nothing for a quote of everything."""
        cents = self.context["amount_cents"]
        if cents is None or cents >= payoff.total_cents:
            return []
        return [dict(PartOption(part_of(payoff, cents, keep)).data) for keep in KEEPS]


class PayoffView(Endpoint):
    """A quote for repaying early."""

    permission_classes = (IsBorrower,)
    refusals = frozenset({404, 409, 422})

    def known_parameters(self) -> frozenset[str]:
        """The day and the amount."""
        return frozenset({"on", "amount_cents"})

    @extend_schema(
        parameters=[
            OpenApiParameter("on", type={"type": "string", "format": "date"}),
            OpenApiParameter("amount_cents", type={"type": "integer", "minimum": 1}),
        ],
        responses=PayoffAnswer,
        summary="What repaying early takes",
        tags=["loans"],
    )
    def get(self, request: Request, loan_id: int) -> Response:
        """Line by line, for today or a day to come; with an amount, both ways of a part."""
        loan_of_borrower(self.person, loan_id)
        asked = _Asked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        today = business_date()
        on = max(asked.validated_data.get("on", today), today)
        payoff = payoff_quote(borrower=self.person, loan_id=loan_id, on=on)
        context = {"amount_cents": asked.validated_data.get("amount_cents")}
        return Response(PayoffAnswer(payoff, context=context).data)


class _Early(StrictSerializer):
    """How much to repay early, and what the plan keeps if that is a part."""

    amount_cents = serializers.IntegerField(min_value=1, max_value=_MOST_CENTS)
    keep = serializers.ChoiceField([(keep, keep) for keep in KEEPS], default="instalment")


class RepaymentAnswer(serializers.Serializer[Repayment]):
    """A payment on a loan as it was booked."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(RepaymentKind.choices)
    received_on = serializers.DateField()
    amount_cents = serializers.IntegerField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField()
    fee_refund_cents = serializers.IntegerField()


class EarlyRepaymentsView(Endpoint):
    """Repaying early out of the wallet."""

    permission_classes = (IsBorrower,)
    throttle_classes = (PerPerson, MoneyWrites)
    refusals = frozenset({404, 409, 422})
    field_names = {"amount": "amount_cents"}

    @extend_schema(
        request=_Early,
        responses={201: RepaymentAnswer},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Repay early",
        tags=["loans"],
    )
    def post(self, request: Request, loan_id: int) -> Response:
        """Ends the loan when the amount covers today's quote; a smaller one repays a part."""
        given = _Early(data=request.data)
        given.is_valid(raise_exception=True)
        at, on = now(), business_date()

        def act(key: UUID) -> Response:
            made = repay_early(
                borrower=self.person,
                loan_id=loan_id,
                on=on,
                at=at,
                request_key=key,
                **given.validated_data,
            )
            return Response(RepaymentAnswer(made).data, status=201)

        return once(request, act, at=at)


class WithdrawalAnswer(serializers.Serializer[WithdrawalTerms]):
    """What is given back after a withdrawal from the contract."""

    until = serializers.DateField(help_text="The last day on which the right can be used.")
    pay_by = serializers.DateField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField(help_text="To today.")
    fee_cents = serializers.IntegerField(help_text="Kept from the payout; given back.")
    total_cents = serializers.IntegerField()
    is_declared = serializers.BooleanField()


class WithdrawnAnswer(serializers.Serializer[Loan]):
    """The loan after the withdrawal was declared."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(LoanStatus.choices)
    withdrawn_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)


class ContractWithdrawalView(Endpoint):
    """The right to withdraw within 14 days."""

    permission_classes = (IsBorrower,)
    throttle_classes = (PerPerson, MoneyWrites)
    refusals = frozenset({404, 409, 422})

    @extend_schema(responses=WithdrawalAnswer, summary="What withdrawing takes", tags=["loans"])
    def get(self, request: Request, loan_id: int) -> Response:
        """The terms as of today."""
        terms = withdrawal_terms(borrower=self.person, loan_id=loan_id, on=business_date())
        return Response(WithdrawalAnswer(terms).data)

    @extend_schema(
        request=None,
        responses={200: WithdrawnAnswer},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Withdraw from the contract",
        tags=["loans"],
    )
    def post(self, request: Request, loan_id: int) -> Response:
        """Declare it, without a reason; where the wallet covers it, give the money back as well."""
        Nothing(data=request.data).is_valid(raise_exception=True)
        at, on = now(), business_date()

        def act(key: UUID) -> Response:
            loan = withdraw_from_contract(borrower=self.person, loan_id=loan_id, on=on, at=at)
            return Response(WithdrawnAnswer(loan).data)

        return once(request, act, at=at)
