"""Spares: bids that wait behind a full request and move up when a bid by hand is revoked.

A spare holds no money, so nobody's cash lies idle for a place in a line. Who moves up is decided
by arrival: the bid before was placed at its own time too, and nobody is before anyone in a batch
here. What cannot be paid just then is passed over and goes on waiting.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from core.clock import day_of
from core.errors import NotFound
from core.transitions import advance
from ledger.errors import ReferenceReused
from lending.choices import Cover
from lending.errors import AlreadyWaiting, NotALender, RequestClosed, StillRoom
from lending.models import LoanRequest, Offer, Spare
from lending.services.reservations import (
    Wallets,
    check_amount,
    check_cover,
    locked_request,
    reserve,
    standing_cover,
)
from lending.states import (
    SPARE_TRANSITIONS,
    OfferSource,
    OfferStatus,
    RequestStatus,
    SpareStatus,
)
from notifications.services import notify


@transaction.atomic
def leave_spare(
    *,
    lender: User,
    request_id: int,
    amount_cents: int,
    at: datetime,
    request_key: UUID,
    source: OfferSource = OfferSource.HAND,
    cover: Cover = Cover.SOLO,
) -> Spare:
    """Wait in line for a full request with up to `amount_cents`; no money is reserved.

    The same `request_key` again returns the spare that it made. Raises NotALender, BidTooSmall,
    BidOffStep, NotFound, StillRoom (bid instead), RequestClosed (no bid on it can be revoked any
    more), AlreadyWaiting, CoverDiffers, or ReferenceReused (the key was used for another spare).
    """
    if not lender.is_lender:
        raise NotALender
    check_amount(amount_cents)
    request = locked_request(request_id)
    if earlier := Spare.objects.filter(request_key=request_key).first():
        return _same_spare(earlier, lender, request_id, amount_cents, cover)
    if request.status == RequestStatus.LISTED:
        raise StillRoom
    if not may_open_again(request, at=at):
        raise RequestClosed
    if waiting(request_id).filter(lender=lender).exists():
        raise AlreadyWaiting
    check_cover(request_id, lender.pk, cover)
    return Spare.objects.create(
        request=request,
        lender=lender,
        source=source,
        amount_cents=amount_cents,
        cover=cover,
        request_key=request_key,
        placed_at=at,
    )


def _same_spare(
    earlier: Spare, lender: User, request_id: int, amount_cents: int, cover: Cover
) -> Spare:
    given = (lender.pk, request_id, amount_cents, cover)
    if (earlier.lender_id, earlier.request_id, earlier.amount_cents, earlier.cover) != given:
        raise ReferenceReused(f"spare:{earlier.request_key}")
    return earlier


def may_open_again(request: LoanRequest, *, at: datetime) -> bool:
    """Whether some bid on a full request can still be revoked."""
    revocable = Offer.objects.filter(
        request=request, status=OfferStatus.OPEN, firm_on__gt=day_of(at)
    ).exclude(source=OfferSource.MANDATE)
    return request.status == RequestStatus.FILLED and revocable.exists()


@transaction.atomic
def withdraw_spare(*, lender: User, spare_id: int, at: datetime) -> Spare:
    """Leave the line; leaving twice is harmless.

    Raises NotFound, or IllegalTransition when it has moved up or ended already.
    """
    found = Spare.objects.filter(pk=spare_id, lender=lender)
    place = found.values_list("request_id", flat=True).first()
    if place is None:
        raise NotFound(f"spare {spare_id}")
    locked_request(place)
    spare = found.get()
    if spare.status != SpareStatus.WITHDRAWN:
        _close(spare, SpareStatus.WITHDRAWN, at=at, actor_id=lender.pk)
    return spare


def waiting(request_id: int) -> QuerySet[Spare]:
    """The line of a request, who came first at its head."""
    line = Spare.objects.filter(request_id=request_id, status=SpareStatus.WAITING)
    return line.order_by("placed_at", "id")


def step_out(request: LoanRequest, lender_id: int, *, at: datetime) -> None:
    """Take whoever bids on a locked request, or revokes a bid, out of its line."""
    for spare in waiting(request.pk).filter(lender_id=lender_id):
        _close(spare, SpareStatus.WITHDRAWN, at=at, actor_id=lender_id)


def move_up(request: LoanRequest, *, room_cents: int, wallets: Wallets, at: datetime) -> int:
    """Let those who wait take the room of a revoked bid; returns the cents that they reserve.

    Each takes up to its amount, in order of arrival. The request and the accounts of everybody in
    the line are locked; the request's total is the caller's to change.
    """
    taken_cents = 0
    for spare in waiting(request.pk):
        cents = min(spare.amount_cents, room_cents - taken_cents)
        if not cents:
            break
        if wallets.free_cents(spare.lender_id) < cents:
            continue
        offer = reserve(
            request=request,
            lender_id=spare.lender_id,
            amount_cents=cents,
            cover=standing_cover(request.pk, spare.lender_id) or Cover(spare.cover),
            source=OfferSource(spare.source),
            request_key=uuid4(),
            wallets=wallets,
            at=at,
        )
        _close(spare, SpareStatus.MOVED_UP, at=at, offer=offer)
        _tell(spare, request, "spare_moved_up", cents, at=at)
        taken_cents += cents
    return taken_cents


def release_spares(request: LoanRequest, *, at: datetime) -> None:
    """Dissolve the line of a locked request that will not open again, and tell who stood in it."""
    for spare in waiting(request.pk):
        _close(spare, SpareStatus.RELEASED, at=at)
        _tell(spare, request, "spare_released", spare.amount_cents, at=at)


def _close(
    spare: Spare,
    to: SpareStatus,
    *,
    at: datetime,
    actor_id: int | None = None,
    offer: Offer | None = None,
) -> None:
    advance(spare, to, table=SPARE_TRANSITIONS, at=at, actor_id=actor_id, closed_at=at, offer=offer)


def _tell(spare: Spare, request: LoanRequest, kind: str, cents: int, *, at: datetime) -> None:
    facts: dict[str, object] = {
        "request_id": request.pk,
        "title": request.title,
        "amount_cents": cents,
        "wanted_cents": spare.amount_cents,
    }
    if spare.offer is not None:
        facts |= {"firm_on": spare.offer.firm_on}
    notify(person_id=spare.lender_id, kind=kind, key=f"{kind}:{spare.pk}", facts=facts, at=at)
