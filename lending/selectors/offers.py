"""Offers as their lender may see them."""

from __future__ import annotations

from datetime import date

from django.db.models import Max, QuerySet

from accounts.models import User
from core.errors import NotFound
from lending.models import LoanRequest, Offer
from lending.states import OfferStatus


def offers_of(user: User) -> QuerySet[Offer]:
    """A lender's offers with their requests, newest first."""
    return (
        Offer.objects.filter(lender=user)
        .select_related("request", "mandate")
        .order_by("-placed_at", "-id")
    )


def offer_of(user: User, offer_id: int) -> Offer:
    """One offer of this lender; NotFound for anyone else's."""
    found = offers_of(user).filter(pk=offer_id).first()
    if found is None:
        raise NotFound(f"offer {offer_id}")
    return found


def open_offers(request_id: int) -> QuerySet[Offer]:
    """The reserved money on a request; for services and staff, never shown to another lender."""
    return Offer.objects.filter(request_id=request_id, status=OfferStatus.OPEN).order_by("id")


def firm_from(request: LoanRequest) -> date | None:
    """The first day on which no offer on the request can be revoked; None without offers."""
    latest: date | None = open_offers(request.pk).aggregate(latest=Max("firm_on"))["latest"]
    return latest
