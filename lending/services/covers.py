"""Changing one's mind about the cover of a bid, while the loan has not begun."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import NotFound
from lending.choices import Cover
from lending.errors import CoverClosed
from lending.models import Offer
from lending.services.reservations import locked_request
from lending.states import OfferStatus


@transaction.atomic
def choose_cover(*, lender: User, offer_id: int, cover: Cover, at: datetime) -> Offer:
    """Let all open offers of the lender on the request of this one bear `cover`.

    Choosing what already stands changes nothing. Raises NotFound, or CoverClosed when the offer is
    no longer open: given back, or lent.
    """
    found = Offer.objects.filter(pk=offer_id, lender=lender).values_list("request_id", flat=True)
    request_id = found.first()
    if request_id is None:
        raise NotFound(f"offer {offer_id}")
    locked_request(request_id)
    offer = Offer.objects.get(pk=offer_id)
    if offer.status != OfferStatus.OPEN:
        raise CoverClosed
    own = Offer.objects.filter(request_id=request_id, lender=lender, status=OfferStatus.OPEN)
    for changed in own.exclude(cover=cover).order_by("id"):
        audit.record(
            changed, "cover_chosen", at=at, actor_id=lender.pk, data={"cover": cover.value}
        )
    own.exclude(cover=cover).update(cover=cover)
    offer.cover = cover
    return offer
