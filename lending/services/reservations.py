"""The one way from free cash to an offer, for a bid and for a spare that moves up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.clock import day_of
from core.errors import NotFound
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_ids, lock_accounts, post_entry
from lending.choices import REFLECTION_DAYS, SHARE_CENTS, Cover
from lending.errors import BidOffStep, BidTooSmall, CoverDiffers
from lending.models import LoanRequest, Offer
from lending.states import OfferSource, OfferStatus


@dataclass(frozen=True)
class Wallets:
    """Locked accounts of some lenders, by lender.

    Attributes:
        balances: account -> cents when it was locked.
    """

    cash: Mapping[int, int]
    reserved: Mapping[int, int]
    balances: Mapping[int, int]

    def holds(self, lender_id: int) -> bool:
        """Whether this lender's accounts are among them."""
        return lender_id in self.cash

    def free_cents(self, lender_id: int) -> int:
        """What the lender could reserve when the accounts were locked."""
        return self.balances[self.cash[lender_id]]


def locked_wallets(lender_ids: set[int]) -> Wallets:
    """Lock cash and reserved money of lenders, in id order; before any request is locked."""
    cash, reserved = account_ids(Role.CASH, lender_ids), account_ids(Role.RESERVED, lender_ids)
    return Wallets(cash, reserved, lock_accounts([*cash.values(), *reserved.values()]))


def locked_request(request_id: int) -> LoanRequest:
    """Lock a request until the transaction ends; raises NotFound."""
    request = LoanRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise NotFound(f"request {request_id}")
    return request


def check_amount(amount_cents: int) -> None:
    """Raise BidTooSmall or BidOffStep for what no bid can be."""
    if amount_cents < SHARE_CENTS:
        raise BidTooSmall(field="amount", minimum_cents=SHARE_CENTS)
    if amount_cents % SHARE_CENTS:
        raise BidOffStep(field="amount", step_cents=SHARE_CENTS)


def standing_cover(request_id: int, lender_id: int) -> Cover | None:
    """The cover of a lender's open offers on a request; None where there is none."""
    own = Offer.objects.filter(request_id=request_id, lender_id=lender_id, status=OfferStatus.OPEN)
    found = own.values_list("cover", flat=True).first()
    return None if found is None else Cover(found)


def check_cover(request_id: int, lender_id: int, cover: Cover) -> None:
    """Raise CoverDiffers where the lender's offers on this request bear another one."""
    if standing_cover(request_id, lender_id) not in (None, cover):
        raise CoverDiffers(field="cover")


def reserve(
    *,
    request: LoanRequest,
    lender_id: int,
    amount_cents: int,
    cover: Cover,
    source: OfferSource,
    request_key: UUID,
    wallets: Wallets,
    at: datetime,
) -> Offer:
    """Write an offer and reserve its money; accounts and request are locked by the caller.

    Revocable for REFLECTION_DAYS. The request's total is the caller's to change. Raises
    InsufficientFunds.
    """
    offer = Offer.objects.create(
        request=request,
        lender_id=lender_id,
        source=source,
        amount_cents=amount_cents,
        cover=cover,
        request_key=request_key,
        placed_at=at,
        firm_on=day_of(at) + timedelta(days=REFLECTION_DAYS),
    )
    post_entry(
        reference=f"offer:{request_key}",
        kind=EntryKind.RESERVATION,
        effective_on=day_of(at),
        at=at,
        moves=[Move(wallets.cash[lender_id], wallets.reserved[lender_id], amount_cents)],
    )
    return offer
