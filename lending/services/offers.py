"""Offers: money reserved on a request, given back, or taken along when the request ends.

Every act here locks ledger accounts first, in id order, and the requests after them, so that bids
by hand, rounds of the engine and expiry never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from core.clock import day_of
from core.errors import IllegalTransition, NotFound, StaleState
from core.jobs import enqueue
from core.transitions import advance, advance_all
from ledger.chart import EntryKind, Role
from ledger.errors import ReferenceReused
from ledger.services import Move, account_ids, lock_accounts, post_entry
from lending.choices import Cover
from lending.errors import (
    NotALender,
    PartTooSmall,
    RequestClosed,
    RequestFull,
    TooLateToRevoke,
)
from lending.models import LoanRequest, Offer, ReviewDecision
from lending.services.reservations import (
    Wallets,
    check_amount,
    check_cover,
    locked_request,
    locked_wallets,
    reserve,
)
from lending.services.spares import move_up, release_spares, step_out, waiting
from lending.states import (
    OFFER_TRANSITIONS,
    REQUEST_TRANSITIONS,
    OfferSource,
    OfferStatus,
    RequestStatus,
)
from notifications.services import Notice, notify_all

_TRIES: Final = 5


@transaction.atomic
def place_bid(
    *,
    lender: User,
    request_id: int,
    amount_cents: int,
    at: datetime,
    request_key: UUID,
    source: OfferSource = OfferSource.HAND,
    cover: Cover = Cover.SOLO,
) -> Offer:
    """Reserve `amount_cents` of the lender's cash on a listed request.

    The same `request_key` again returns the offer that it made. Revocable for REFLECTION_DAYS.
    Raises NotALender, BidTooSmall, BidOffStep, RequestClosed, RequestFull, CoverDiffers (from the
    lender's other offers on it), InsufficientFunds, or ReferenceReused (the key was used for
    another bid).
    """
    if not lender.is_lender:
        raise NotALender
    check_amount(amount_cents)
    wallets = locked_wallets({lender.pk})
    if earlier := Offer.objects.filter(request_key=request_key).first():
        return _same_bid(earlier, lender, request_id, amount_cents, cover)
    request = locked_request(request_id)
    _check_open(request, amount_cents, at)
    check_cover(request_id, lender.pk, cover)
    offer = reserve(
        request=request,
        lender_id=lender.pk,
        amount_cents=amount_cents,
        cover=cover,
        source=source,
        request_key=request_key,
        wallets=wallets,
        at=at,
    )
    step_out(request, lender.pk, at=at)
    add_funding(request, amount_cents, at=at)
    return offer


def _check_open(request: LoanRequest, amount_cents: int, at: datetime) -> None:
    if not takes_offers(request, at=at):
        raise RequestClosed
    if amount_cents > request.missing_cents:
        raise RequestFull(field="amount", missing_cents=request.missing_cents)


def takes_offers(request: LoanRequest, *, at: datetime) -> bool:
    """Whether the request is on the market on the day of `at`; its deadline day still counts."""
    is_listed = request.status == RequestStatus.LISTED
    return is_listed and request.deadline_on is not None and day_of(at) <= request.deadline_on


def _same_bid(
    earlier: Offer, lender: User, request_id: int, amount_cents: int, cover: Cover
) -> Offer:
    given = (lender.pk, request_id, amount_cents, cover)
    if (earlier.lender_id, earlier.request_id, earlier.amount_cents, earlier.cover) != given:
        raise ReferenceReused(f"offer:{earlier.request_key}")
    return earlier


def add_funding(request: LoanRequest, cents: int, *, at: datetime) -> None:
    """Add new offers to a locked request's total; a full request is filled and told so."""
    request.funded_cents += cents
    request.save(update_fields=["funded_cents"])
    if not request.missing_cents:
        fill(request, at=at)


def fill(request: LoanRequest, *, at: datetime, actor_id: int | None = None) -> None:
    """Close a locked request to bids with what is funded, and tell its borrower.

    An auction that bids by hand have filled alone is lent at its lowest rate: no mandate asked for
    more, and who bids by hand takes any rate down to it.
    """
    rate: dict[str, Any] = {}
    if request.is_auction and request.floor_rate is not None and not _has_mandates(request):
        rate["annual_rate"] = request.floor_rate
    fill_all([request], at=at, actor_id=actor_id, **rate)


def fill_all(
    requests: Sequence[LoanRequest], *, at: datetime, actor_id: int | None = None, **fields: Any
) -> None:
    """Close locked requests that have found their rate, and tell their borrowers."""
    advance_all(
        requests,
        RequestStatus.FILLED,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=actor_id,
        data=[{"funded_cents": request.funded_cents} for request in requests],
        filled_at=at,
        **fields,
    )
    notices = [
        Notice(
            request.borrower_id,
            f"request_filled:{request.pk}:{at.isoformat()}",
            {
                "request_id": request.pk,
                "title": request.title,
                "funded_cents": request.funded_cents,
                "amount_cents": request.amount_cents,
                "is_part": bool(request.missing_cents),
            },
        )
        for request in requests
    ]
    if notices:
        notify_all(kind="request_filled", notices=notices, at=at)


def _has_mandates(request: LoanRequest) -> bool:
    return _open_offers(request.pk).filter(source=OfferSource.MANDATE).exists()


@transaction.atomic
def take_part(*, borrower: User, request_id: int, at: datetime) -> LoanRequest:
    """Be content with what is funded of one's listed request; taking it twice is harmless.

    Raises NotFound, IllegalTransition (it is not open for bids), or PartTooSmall.
    """
    request = locked_request(request_id)
    if request.borrower_id != borrower.pk:
        raise NotFound(f"request {request_id}")
    if request.status == RequestStatus.FILLED:
        return request
    if request.status != RequestStatus.LISTED:
        raise IllegalTransition(f"request {request_id} is {request.status}")
    if not suffices(request):
        raise PartTooSmall(least_cents=request.least_cents)
    fill(request, at=at, actor_id=borrower.pk)
    return request


def suffices(request: LoanRequest) -> bool:
    """Whether as much is funded as the borrower said would do."""
    return 0 < request.least_cents <= request.funded_cents


def revoke_offer(*, lender: User, offer_id: int, at: datetime) -> Offer:
    """Take a bid by hand back, without reason or cost, while it is not yet binding.

    Spares move up into its place; a full request that they do not cover opens again. Revoking
    twice is harmless. Raises NotFound, TooLateToRevoke, or StaleState (the line keeps growing).
    """
    found = Offer.objects.filter(pk=offer_id, lender=lender).values_list("request_id", flat=True)
    request_id = found.first()
    if request_id is None:
        raise NotFound(f"offer {offer_id}")
    for _ in range(_TRIES):
        in_line = set(waiting(request_id).values_list("lender_id", flat=True))
        revoked = _revoke_before(in_line, lender, offer_id, at)
        if revoked is not None:
            return revoked
    raise StaleState(f"request {request_id}")


@transaction.atomic
def _revoke_before(in_line: set[int], lender: User, offer_id: int, at: datetime) -> Offer | None:
    """Revoke while just these lenders wait in line; None when another has joined them."""
    wallets = locked_wallets({lender.pk, *in_line})
    offer = Offer.objects.get(pk=offer_id)
    if offer.status == OfferStatus.REVOKED:
        return offer
    request = locked_request(offer.request_id)
    if not is_revocable(offer, request, at=at):
        raise TooLateToRevoke
    if not in_line.issuperset(waiting(request.pk).values_list("lender_id", flat=True)):
        return None
    advance(
        offer,
        OfferStatus.REVOKED,
        table=OFFER_TRANSITIONS,
        at=at,
        actor_id=lender.pk,
        closed_at=at,
    )
    post_entry(
        reference=f"release:{offer.pk}",
        kind=EntryKind.RELEASE,
        effective_on=day_of(at),
        at=at,
        moves=[Move(wallets.reserved[lender.pk], wallets.cash[lender.pk], offer.amount_cents)],
    )
    step_out(request, lender.pk, at=at)
    _take_funding(request, offer.amount_cents, wallets, at=at)
    return offer


def is_revocable(offer: Offer, request: LoanRequest, *, at: datetime) -> bool:
    """Whether a bid can be taken back: by hand or API, in its first days, before signature."""
    return (
        offer.status == OfferStatus.OPEN
        and offer.source != OfferSource.MANDATE
        and day_of(at) < offer.firm_on
        and request.status in (RequestStatus.LISTED, RequestStatus.FILLED)
    )


def _take_funding(request: LoanRequest, cents: int, wallets: Wallets, *, at: datetime) -> None:
    """Take a revoked bid off a locked request; a filled one that it was needed for opens again.

    Spares fill the gap as far as they can. A part that still suffices stays a part, and so does a
    whole whose deadline is over.
    """
    was_part, was_full = request.missing_cents > 0, request.status == RequestStatus.FILLED
    moved_cents = move_up(request, room_cents=cents, wallets=wallets, at=at) if was_full else 0
    request.funded_cents += moved_cents - cents
    if moved_cents:
        request.filled_at = at  # the days to sign begin anew, since lenders may revoke anew
    request.save(update_fields=["funded_cents", "filled_at"])
    is_over = request.deadline_on is not None and day_of(at) > request.deadline_on
    stays = moved_cents == cents or (suffices(request) and (was_part or is_over))
    if was_full and not stays:
        advance(
            request,
            RequestStatus.LISTED,
            table=REQUEST_TRANSITIONS,
            at=at,
            reason="a bid was revoked",
            filled_at=None,
            annual_rate=_rate_when_open(request),
        )
    enqueue("matching.round_requested")


def _rate_when_open(request: LoanRequest) -> Decimal | None:
    """The rate of a request that opens again: an auction that no mandate priced has its cap."""
    if not request.is_auction or _has_mandates(request):
        return request.annual_rate
    approved = request.reviews.filter(decision=ReviewDecision.APPROVE).order_by("-id").first()
    return approved.annual_rate if approved else request.annual_rate


def end_request(
    *,
    request_id: int,
    to: RequestStatus,
    at: datetime,
    reason: str = "",
    actor_id: int | None = None,
    only_from: RequestStatus | None = None,
) -> LoanRequest:
    """Withdraw, expire or cancel a request and give every open offer back to its lender.

    Args:
        only_from: the status in which the caller saw the request, where another one that could
            end as well would make the act wrong.
    Raises NotFound, IllegalTransition, or StaleState (no longer `only_from`, or bids keep coming
    in meanwhile).
    """
    for _ in range(_TRIES):
        lender_ids = set(_open_offers(request_id).values_list("lender_id", flat=True))
        ended = _end_for(request_id, lender_ids, to, at, reason, actor_id, only_from)
        if ended is not None:
            return ended
    raise StaleState(f"request {request_id}")


@transaction.atomic
def _end_for(
    request_id: int,
    lender_ids: set[int],
    to: RequestStatus,
    at: datetime,
    reason: str,
    actor_id: int | None,
    only_from: RequestStatus | None,
) -> LoanRequest | None:
    """End the request while just these lenders hold offers; None when others came in between."""
    cash = account_ids(Role.CASH, lender_ids)
    reserved = account_ids(Role.RESERVED, lender_ids)
    lock_accounts([*cash.values(), *reserved.values()])
    request = locked_request(request_id)
    if only_from is not None and request.status != only_from:
        raise StaleState(f"request {request_id} is {request.status}")
    offers = list(_open_offers(request_id).order_by("id"))
    if not lender_ids.issuperset(offer.lender_id for offer in offers):
        return None
    advance(request, to, table=REQUEST_TRANSITIONS, at=at, actor_id=actor_id, reason=reason)
    if offers:
        _release(request, offers, cash, reserved, at=at)
    release_spares(request, at=at)
    return request


def _release(
    request: LoanRequest,
    offers: list[Offer],
    cash: dict[int, int],
    reserved: dict[int, int],
    *,
    at: datetime,
) -> None:
    """Close the open offers of an ended request and book their money back, in one entry."""
    _open_offers(request.pk).update(status=OfferStatus.RELEASED, closed_at=at)
    post_entry(
        reference=f"release-request:{request.pk}",
        kind=EntryKind.RELEASE,
        effective_on=day_of(at),
        at=at,
        moves=[
            Move(reserved[offer.lender_id], cash[offer.lender_id], offer.amount_cents)
            for offer in offers
        ],
    )
    request.funded_cents = 0
    request.save(update_fields=["funded_cents"])
    notify_all(
        kind="offer_released",
        notices=[
            Notice(
                offer.lender_id,
                f"offer_released:{offer.pk}",
                {"title": request.title, "amount_cents": offer.amount_cents},
            )
            for offer in offers
        ],
        at=at,
    )
    enqueue("matching.round_requested")


def _open_offers(request_id: int) -> QuerySet[Offer]:
    return Offer.objects.filter(request_id=request_id, status=OfferStatus.OPEN)
