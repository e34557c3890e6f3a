"""Payment breaks: what can be chosen, what it would mean, and taking one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import OneOfField, StrictSerializer, TextField, WholeNumberField
from api.idempotency import KEY_PARAMETER, REPLAYED, KeyReused, once
from api.permissions import IsBorrower
from api.throttling import MoneyWrites, PerPerson
from api.views.base import Endpoint
from core import clock
from ledger.errors import ReferenceReused
from lending.models import ChangeKind, PlanChange
from lending.services.breaks import (
    COLLECTS,
    BreakPreview,
    break_options,
    preview_break,
    take_break,
)
from lending.states import ChangeStatus

_EXAMPLE = {"numbers": [5, 6], "collect": "spread"}


@extend_schema_serializer(
    component_name="Break",
    examples=[OpenApiExample("Skip two instalments", value=_EXAMPLE, request_only=True)],
)
class _Break(StrictSerializer):
    """Which instalments to skip, and when the interest of the break is paid."""

    numbers = serializers.ListField(
        child=WholeNumberField(min_value=1, max_value=32_767), min_length=1, max_length=3
    )
    collect = OneOfField(choices=COLLECTS)


@extend_schema_serializer(component_name="BreakToTake")
class _BreakToTake(_Break):
    """The same; `seal` names the figures of a preview, and other figures are then refused."""

    seal = TextField(required=False, default="", max_length=40, allow_blank=True)


class BreakChoice(serializers.Serializer[Any]):
    """A coming instalment."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    total_cents = serializers.IntegerField()
    is_in_time = serializers.BooleanField(help_text="Whether it can still be skipped.")


class BreakRoomShown(serializers.Serializer[Any]):
    """What can be chosen today."""

    is_open = serializers.BooleanField(help_text="Whether any break can be planned at all.")
    limits = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of what stands against doing it alone."
    )
    choices = BreakChoice(many=True)


class PlannedPart(serializers.Serializer[Any]):
    """One payment of the new plan."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    principal_cents = serializers.IntegerField()
    interest_cents = serializers.IntegerField(help_text="What was deferred included.")
    deferred_cents = serializers.IntegerField()


class BreakPreviewShown(serializers.Serializer[BreakPreview]):
    """What a break would mean."""

    cost_cents = serializers.IntegerField(source="plan.cost_cents")
    starts_on = serializers.DateField(source="plan.starts_on")
    resumes_on = serializers.DateField(source="plan.resumes_on")
    last_due_on = serializers.DateField(source="effect.ends_after_on")
    is_own_choice = serializers.BooleanField(help_text="Whether it can be taken without asking.")
    limits = serializers.ListField(child=serializers.CharField())
    seal = serializers.CharField(source="effect.seal")
    plan = PlannedPart(many=True, source="effect.after")


class BreakTaken(serializers.Serializer[PlanChange]):
    """A break in force."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(ChangeKind.choices)
    status = serializers.ChoiceField(ChangeStatus.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="When the first payment after it is due.")


class LoanBreakView(Endpoint):
    """The break of one loan."""

    permission_classes = (IsBorrower,)
    refusals = frozenset({409, 422})

    def get_throttles(self) -> list[Any]:
        """Writes have a limit of their own."""
        return [PerPerson(), *([MoneyWrites()] if self.request.method == "POST" else [])]

    @extend_schema(responses=BreakRoomShown, summary="What can be skipped", tags=["loans"])
    def get(self, request: Request, loan_id: int) -> Response:
        """The coming instalments of a loan of the caller, and the limits."""
        room = break_options(borrower=self.person, loan_id=loan_id, on=clock.business_date())
        return Response(BreakRoomShown(room).data)

    @extend_schema(
        request=_BreakToTake,
        responses={201: BreakTaken},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Take a payment break",
        tags=["loans"],
    )
    def post(self, request: Request, loan_id: int) -> Response:
        """Skip instalments within the limits; the new plan holds at once, lenders are told."""
        given = _BreakToTake(data=request.data)
        given.is_valid(raise_exception=True)
        at, on = clock.now(), clock.business_date()

        def act(key: UUID) -> Response:
            try:
                change = take_break(
                    borrower=self.person,
                    loan_id=loan_id,
                    on=on,
                    at=at,
                    request_key=key,
                    **given.validated_data,
                )
            except ReferenceReused as error:
                raise KeyReused from error
            return Response(BreakTaken(change).data, status=201)

        return once(request, act, at=at)


class BreakPreviewView(Endpoint):
    """A break worked out, and nothing else."""

    permission_classes = (IsBorrower,)
    refusals = frozenset({422})

    @extend_schema(
        request=_Break, responses=BreakPreviewShown, summary="Preview a break", tags=["loans"]
    )
    def post(self, request: Request, loan_id: int) -> Response:
        """Cost, new plan and first payment after a break; nothing is changed."""
        given = _Break(data=request.data)
        given.is_valid(raise_exception=True)
        preview = preview_break(
            borrower=self.person,
            loan_id=loan_id,
            on=clock.business_date(),
            **given.validated_data,
        )
        return Response(BreakPreviewShown(preview).data)
