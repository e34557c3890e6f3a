"""Bids: a lender's offers, placed here or anywhere else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Nothing, OneOfField, PublicIdField, SharesField, StrictSerializer
from api.filters import OfferFilters
from api.idempotency import KEY_PARAMETER, REPLAYED, KeyReused, once
from api.permissions import IsLender
from api.throttling import MoneyWrites, PerPerson
from api.views.base import Endpoint, Listing
from core import clock
from ledger.errors import ReferenceReused
from lending.choices import Cover
from lending.models import Offer
from lending.selectors.market import market_request
from lending.selectors.offers import offer_of, offers_of
from lending.services.covers import choose_cover
from lending.services.offers import is_revocable, place_bid, revoke_offer
from lending.states import OfferSource, OfferStatus


@extend_schema_serializer(
    component_name="Bid",
    examples=[
        OpenApiExample(
            "Bid 100 euros",
            value={"request": "0b0c9d4e-6f0a-4f7e-9d3c-2f4d8f0f6a11", "amount_cents": 10_000},
            request_only=True,
        )
    ],
)
class _Bid(StrictSerializer):
    """What to bid on, and how much."""

    request = PublicIdField(help_text="The request's id on the market.")
    amount_cents = SharesField()
    cover = OneOfField(
        Cover.choices,
        default=Cover.SOLO,
        help_text="Whether principal is shared with the pool of the loan's grade and term.",
    )


class Bid(serializers.Serializer[Offer]):
    """An offer of the caller: a bid, or a stake that a mandate placed."""

    id = serializers.IntegerField()
    request = serializers.UUIDField(source="request.public_id")
    title = serializers.CharField(source="request.title")
    amount_cents = serializers.IntegerField()
    cover = serializers.ChoiceField(Cover.choices)
    status = serializers.ChoiceField(OfferStatus.choices)
    source = serializers.ChoiceField(OfferSource.choices)
    mandate = serializers.IntegerField(
        source="mandate_id", allow_null=True, help_text="Which mandate of mine placed it."
    )
    placed_at = serializers.DateTimeField()
    firm_on = serializers.DateField(help_text="From this day it can no longer be revoked.")
    closed_at = serializers.DateTimeField(allow_null=True)
    is_revocable = serializers.SerializerMethodField()

    def get_is_revocable(self, offer: Offer) -> bool:
        """Whether it can be revoked now."""
        return is_revocable(offer, offer.request, at=self.context["at"])


class BidsView(Listing):
    """The caller's offers, newest first; and new bids."""

    permission_classes = (IsLender,)
    serializer_class = Bid
    filterset_class = OfferFilters
    queryset = Offer.objects.none()
    orderings = ("-placed_at",)
    refusals = frozenset({404, 409, 422})
    field_names = {"amount": "amount_cents"}

    def get_throttles(self) -> list[Any]:
        """Writes have a limit of their own."""
        return [PerPerson(), *([MoneyWrites()] if self.request.method == "POST" else [])]

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return offers_of(self.person)

    def row_context(self) -> dict[str, Any]:
        """One instant for all rows."""
        return {"at": clock.now()}

    @extend_schema(summary="My bids and stakes", tags=["bids"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Everything that the caller ever offered, whoever placed it."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=_Bid,
        responses={201: Bid},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Bid on a request",
        tags=["bids"],
    )
    def post(self, request: Request) -> Response:
        """Reserve money of the caller on a request; revocable until `firm_on`."""
        given = _Bid(data=request.data)
        given.is_valid(raise_exception=True)
        at, lender = clock.now(), self.person

        def act(key: UUID) -> Response:
            wanted = market_request(given.validated_data["request"], lender)
            try:
                offer = place_bid(
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
            return Response(_told(lender, offer.pk, at), status=201)

        return once(request, act, at=at)


class BidView(Endpoint):
    """One offer."""

    permission_classes = (IsLender,)

    @extend_schema(responses=Bid, summary="One bid", tags=["bids"])
    def get(self, request: Request, bid_id: int) -> Response:
        """An offer of the caller."""
        return Response(_told(self.person, bid_id, clock.now()))


class _CoverChoice(StrictSerializer):
    """What is wanted instead."""

    cover = OneOfField(Cover.choices)


class BidCoverView(Endpoint):
    """Changing the cover."""

    permission_classes = (IsLender,)
    refusals = frozenset({409, 422})

    @extend_schema(
        request=_CoverChoice, responses={200: Bid}, summary="Choose a bid's cover", tags=["bids"]
    )
    def post(self, request: Request, bid_id: int) -> Response:
        """Let all open bids of the caller on this request bear it; closed once the loan begins."""
        offer_of(self.person, bid_id)
        given = _CoverChoice(data=request.data)
        given.is_valid(raise_exception=True)
        at, cover = clock.now(), Cover(given.validated_data["cover"])
        choose_cover(lender=self.person, offer_id=bid_id, cover=cover, at=at)
        return Response(_told(self.person, bid_id, at))


class RevokeBidView(Endpoint):
    """Taking a bid back."""

    permission_classes = (IsLender,)
    throttle_classes = (PerPerson, MoneyWrites)
    refusals = frozenset({409, 422})

    @extend_schema(
        request=None,
        responses={200: Bid},
        parameters=[KEY_PARAMETER, REPLAYED],
        summary="Revoke a bid",
        tags=["bids"],
    )
    def post(self, request: Request, bid_id: int) -> Response:
        """Free the reserved money again, without reason or cost, while the bid is not binding."""
        at, lender = clock.now(), self.person
        Nothing(data=request.data).is_valid(raise_exception=True)

        def act(key: UUID) -> Response:
            revoke_offer(lender=lender, offer_id=bid_id, at=at)
            return Response(_told(lender, bid_id, at))

        return once(request, act, at=at)


def _told(lender: Any, bid_id: int, at: Any) -> Any:
    return Bid(offer_of(lender, bid_id), context={"at": at}).data
