"""Mandates: standing orders that place offers in the rounds of the market."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.fields import (
    CentsField,
    DayField,
    FlagField,
    Nothing,
    OneOfField,
    RateField,
    SharesField,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from api.idempotency import KEY_PARAMETER, REPLAYED, once
from api.permissions import IsLender
from api.throttling import MoneyWrites, PerPerson
from api.views.base import Endpoint, Listing
from core import clock
from lending.choices import (
    AGE_BORDERS,
    AMOUNT_BORDERS,
    FUNDED_BORDERS,
    REGIONS,
    SHARE_CENTS,
    TERMS,
    Cover,
    Employment,
    Grade,
    Purpose,
    Reinvest,
)
from lending.models import Mandate
from lending.selectors.mandates import ended_mandates_of, mandate_of, mandates_of
from lending.services.mandate_data import MandateData
from lending.services.mandates import end_mandate, pause_mandate, resume_mandate, save_mandate
from lending.states import MandateStatus

_GRADE_CAPS: Final = {grade: CentsField(required=False) for grade in Grade.values}
GradeCaps = type("GradeCaps", (StrictSerializer,), {"__doc__": "Limits by grade.", **_GRADE_CAPS})


@extend_schema_serializer(
    component_name="Mandate",
    examples=[
        OpenApiExample(
            "Grades A to C, 100 euros a loan",
            value={
                "name": "Steady",
                "grades": ["A", "B", "C"],
                "terms": [24, 36],
                "min_rate": "0.04",
                "max_per_loan_cents": 10_000,
                "max_per_borrower_cents": 20_000,
                "reserve_cents": 50_000,
            },
            request_only=True,
        )
    ],
)
class MandateOrder(StrictSerializer):
    """A standing order. An empty filter takes everything; null is no limit."""

    name = TextField(max_length=60)
    priority = WholeNumberField(default=1, min_value=1, max_value=99)
    grades = serializers.ListField(child=OneOfField(Grade.choices), default=list, max_length=8)
    terms = serializers.ListField(child=OneOfField(TERMS), default=list, max_length=len(TERMS))
    purposes = serializers.ListField(
        child=OneOfField(Purpose.choices), default=list, max_length=len(Purpose)
    )
    min_rate = RateField(default=None, allow_null=True)
    max_rate = RateField(default=None, allow_null=True)
    max_mark = WholeNumberField(default=5, min_value=1, max_value=5)
    min_stake_cents = SharesField(default=SHARE_CENTS)
    max_per_loan_cents = SharesField()
    max_per_borrower_cents = SharesField()
    max_per_grade_cents = GradeCaps(default=dict)
    reserve_cents = CentsField(default=0, help_text="Cash that it never touches.")
    budget_cents = CentsField(default=None, allow_null=True, help_text="What it lends in all.")
    end_on = DayField(default=None, allow_null=True, help_text="Its last day.")
    preferred_stake_cents = SharesField(
        default=None, allow_null=True, help_text="The first portion in a loan, where it fits."
    )
    reinvest = OneOfField(
        Reinvest.choices,
        default=Reinvest.NOTHING,
        help_text="What of the money that comes back refills the budget.",
    )
    cover = OneOfField(
        Cover.choices, default=Cover.SOLO, help_text="What its stakes bear; never the pool unasked."
    )
    min_net_rate = RateField(
        default=None, allow_null=True, help_text="Left of the rate after the expected loss."
    )
    min_amount_cents = OneOfField(AMOUNT_BORDERS, default=None, allow_null=True)
    max_amount_cents = OneOfField(AMOUNT_BORDERS, default=None, allow_null=True)
    max_age_days = OneOfField(AGE_BORDERS, default=None, allow_null=True)
    min_funded_percent = OneOfField((0, *FUNDED_BORDERS), default=0)
    employments = serializers.ListField(
        child=OneOfField(Employment.choices), default=list, max_length=len(Employment)
    )
    regions = serializers.ListField(
        child=OneOfField(REGIONS),
        default=list,
        max_length=len(REGIONS),
        help_text="First digits of the borrower's postcode.",
    )
    no_late_payers = FlagField(default=False)


class MandateAnswer(serializers.Serializer[Mandate]):
    """A standing order of the caller."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(MandateStatus.choices)
    name = serializers.CharField()
    priority = serializers.IntegerField(help_text="1 goes first.")
    grades = serializers.ListField(child=serializers.ChoiceField(Grade.choices))
    terms = serializers.ListField(child=serializers.IntegerField())
    purposes = serializers.ListField(child=serializers.ChoiceField(Purpose.choices))
    min_rate = RateField(allow_null=True)
    max_rate = RateField(allow_null=True)
    max_mark = serializers.IntegerField()
    min_stake_cents = serializers.IntegerField()
    max_per_loan_cents = serializers.IntegerField()
    max_per_borrower_cents = serializers.IntegerField()
    max_per_grade_cents = serializers.DictField(child=serializers.IntegerField())
    reserve_cents = serializers.IntegerField()
    budget_cents = serializers.IntegerField(allow_null=True)
    end_on = serializers.DateField(allow_null=True)
    preferred_stake_cents = serializers.IntegerField(allow_null=True)
    reinvest = serializers.ChoiceField(Reinvest.choices)
    cover = serializers.ChoiceField(Cover.choices)
    min_net_rate = RateField(allow_null=True)
    min_amount_cents = serializers.IntegerField(allow_null=True)
    max_amount_cents = serializers.IntegerField(allow_null=True)
    max_age_days = serializers.IntegerField(allow_null=True)
    min_funded_percent = serializers.IntegerField()
    employments = serializers.ListField(child=serializers.ChoiceField(Employment.choices))
    regions = serializers.ListField(child=serializers.CharField())
    no_late_payers = serializers.BooleanField()
    created_at = serializers.DateTimeField()


_ENDED: Final = OpenApiParameter(
    "ended",
    type={"type": "string", "enum": ["false", "true"], "default": "false"},
    description="Former mandates instead of those in force.",
)


class MandatesView(Listing):
    """The caller's mandates, and new ones."""

    permission_classes = (IsLender,)
    serializer_class = MandateAnswer
    queryset = Mandate.objects.none()
    orderings = ("priority",)
    refusals = frozenset({409, 422})

    def known_parameters(self) -> frozenset[str]:
        """Besides the page: whether former mandates are meant."""
        return super().known_parameters() | {"ended"}

    def get_throttles(self) -> list[Any]:
        """Writes have a limit of their own."""
        return [PerPerson(), *([MoneyWrites()] if self.request.method == "POST" else [])]

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        ended = self.request.query_params.get("ended", "false")
        if ended not in ("true", "false"):
            sentence = ErrorDetail(_("Say true or false."), code="invalid_choice")
            raise serializers.ValidationError({"ended": [sentence]})
        return ended_mandates_of(self.person) if ended == "true" else mandates_of(self.person)

    @extend_schema(parameters=[_ENDED], summary="My mandates", tags=["mandates"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Mandates that have not ended, in their order of priority; or those that have."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=MandateOrder,
        responses={201: MandateAnswer},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Write a mandate",
        tags=["mandates"],
    )
    def post(self, request: Request) -> Response:
        """Active at once: the next round may place offers for it."""
        data, at, lender = _data(request), clock.now(), self.person

        def act(key: UUID) -> Response:
            made = save_mandate(lender=lender, data=data, at=at)
            return Response(MandateAnswer(made).data, status=201)

        return once(request, act, at=at)


class MandateView(Endpoint):
    """One mandate."""

    permission_classes = (IsLender,)
    refusals = frozenset({409, 422})

    @extend_schema(responses=MandateAnswer, summary="One mandate", tags=["mandates"])
    def get(self, request: Request, mandate_id: int) -> Response:
        """A mandate of the caller, ended or not."""
        return Response(MandateAnswer(mandate_of(self.person, mandate_id)).data)

    @extend_schema(
        request=MandateOrder, responses=MandateAnswer, summary="Change a mandate", tags=["mandates"]
    )
    def put(self, request: Request, mandate_id: int) -> Response:
        """Replace the whole order; what is left out takes its default. Placed offers stay."""
        mandate_of(self.person, mandate_id)
        changed = save_mandate(
            lender=self.person, data=_data(request), at=clock.now(), mandate_id=mandate_id
        )
        return Response(MandateAnswer(changed).data)


class _Move(Protocol):
    def __call__(self, *, lender: User, mandate_id: int, at: datetime) -> Mandate: ...


class _MoveMandateView(Endpoint):
    """One step in the life of a mandate; taking it twice is harmless."""

    permission_classes = (IsLender,)
    refusals = frozenset({409})

    def move(self, request: Request, mandate_id: int, service: _Move) -> Response:
        """Call the service for a mandate of the caller."""
        Nothing(data=request.data).is_valid(raise_exception=True)
        moved = service(lender=self.person, mandate_id=mandate_id, at=clock.now())
        return Response(MandateAnswer(moved).data)


class PauseMandateView(_MoveMandateView):
    """Pausing."""

    @extend_schema(
        request=None, responses=MandateAnswer, summary="Pause a mandate", tags=["mandates"]
    )
    def post(self, request: Request, mandate_id: int) -> Response:
        """Place nothing new until it is resumed."""
        return self.move(request, mandate_id, pause_mandate)


class ResumeMandateView(_MoveMandateView):
    """Resuming."""

    @extend_schema(
        request=None, responses=MandateAnswer, summary="Resume a mandate", tags=["mandates"]
    )
    def post(self, request: Request, mandate_id: int) -> Response:
        """Take a paused mandate up again."""
        return self.move(request, mandate_id, resume_mandate)


class EndMandateView(_MoveMandateView):
    """Ending."""

    @extend_schema(
        request=None, responses=MandateAnswer, summary="End a mandate", tags=["mandates"]
    )
    def post(self, request: Request, mandate_id: int) -> Response:
        """End it for good. Placed offers stay."""
        return self.move(request, mandate_id, end_mandate)


def _data(request: Request) -> MandateData:
    given = MandateOrder(data=request.data)
    given.is_valid(raise_exception=True)
    return MandateData(**given.validated_data)
