"""Places in line behind full requests: no money, until a bid is revoked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Nothing, OneOfField, PublicIdField, SharesField, StrictSerializer
from api.idempotency import KEY_PARAMETER, REPLAYED, KeyReused, once
from api.permissions import IsLender
from api.throttling import MoneyWrites, PerPerson
from api.views.base import Endpoint, Listing
from core import clock
from ledger.errors import ReferenceReused
from lending.choices import Cover
from lending.models import Spare
from lending.selectors.market import market_request
from lending.selectors.spares import place_in_line, spare_of, spares_of
from lending.services.spares import leave_spare, withdraw_spare
from lending.states import OfferSource, SpareStatus


@extend_schema_serializer(
    component_name="SpareBid",
    examples=[
        OpenApiExample(
            "Wait with up to 100 euros",
            value={"request": "0b0c9d4e-6f0a-4f7e-9d3c-2f4d8f0f6a11", "amount_cents": 10_000},
            request_only=True,
        )
    ],
)
class _Spare(StrictSerializer):
    """What to wait for, and the most that is wanted of it."""

    request = PublicIdField(help_text="The request's id on the market.")
    amount_cents = SharesField()
    cover = OneOfField(Cover.choices, default=Cover.SOLO)


class PlaceInLine(serializers.Serializer[Spare]):
    """A place of the caller in the line behind a full request."""

    id = serializers.IntegerField()
    request = serializers.UUIDField(source="request.public_id")
    title = serializers.CharField(source="request.title")
    amount_cents = serializers.IntegerField(help_text="The most that is wanted.")
    cover = serializers.ChoiceField(Cover.choices)
    status = serializers.ChoiceField(SpareStatus.choices)
    source = serializers.ChoiceField(OfferSource.choices)
    bid = serializers.IntegerField(
        source="offer_id", allow_null=True, help_text="The bid that it became."
    )
    placed_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class OnePlaceInLine(PlaceInLine):
    """The same with where it stands."""

    place = serializers.SerializerMethodField(
        help_text="1 moves up first; 0 once it waits no longer."
    )

    def get_place(self, spare: Spare) -> int:
        """Counted now."""
        return place_in_line(spare)


class SparesView(Listing):
    """The caller's places in line, newest first; and new ones."""

    permission_classes = (IsLender,)
    serializer_class = PlaceInLine
    queryset = Spare.objects.none()
    orderings = ("-placed_at",)
    refusals = frozenset({404, 409, 422})
    field_names = {"amount": "amount_cents"}

    def get_throttles(self) -> list[Any]:
        """Writes have a limit of their own."""
        return [PerPerson(), *([MoneyWrites()] if self.request.method == "POST" else [])]

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return spares_of(self.person)

    @extend_schema(summary="My places in line", tags=["bids"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Where the caller waits and has waited."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=_Spare,
        responses={201: OnePlaceInLine},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Wait in line for a full request",
        tags=["bids"],
    )
    def post(self, request: Request) -> Response:
        """Move up with up to this amount when a bid is revoked; no money is reserved until then."""
        given = _Spare(data=request.data)
        given.is_valid(raise_exception=True)
        at, lender = clock.now(), self.person

        def act(key: UUID) -> Response:
            wanted = market_request(given.validated_data["request"], lender)
            try:
                spare = leave_spare(
                    lender=lender,
                    request_id=wanted.pk,
                    amount_cents=given.validated_data["amount_cents"],
                    cover=Cover(given.validated_data["cover"]),
                    at=at,
                    request_key=key,
                    source=OfferSource.API,
                )
            except ReferenceReused as error:
                raise KeyReused from error
            return Response(_told(lender, spare.pk), status=201)

        return once(request, act, at=at)


class SpareView(Endpoint):
    """One place in line."""

    permission_classes = (IsLender,)

    @extend_schema(responses=OnePlaceInLine, summary="One place in line", tags=["bids"])
    def get(self, request: Request, spare_id: int) -> Response:
        """A place of the caller."""
        return Response(_told(self.person, spare_id))


class LeaveLineView(Endpoint):
    """Giving a place up."""

    permission_classes = (IsLender,)
    throttle_classes = (PerPerson, MoneyWrites)
    refusals = frozenset({409, 422})

    @extend_schema(
        request=None,
        responses={200: OnePlaceInLine},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Leave the line",
        tags=["bids"],
    )
    def post(self, request: Request, spare_id: int) -> Response:
        """Wait no longer; what has moved up is a bid and is revoked as one."""
        at, lender = clock.now(), self.person
        Nothing(data=request.data).is_valid(raise_exception=True)

        def act(key: UUID) -> Response:
            withdraw_spare(lender=lender, spare_id=spare_id, at=at)
            return Response(_told(lender, spare_id))

        return once(request, act, at=at)


def _told(lender: Any, spare_id: int) -> Any:
    return OnePlaceInLine(spare_of(lender, spare_id)).data
