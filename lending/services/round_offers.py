"""What a round of the engine decided, made real: offers for mandates, whole requests or none.

The engine worked on a snapshot; meanwhile people bid and withdrew by hand. So everything is locked
and looked at again here: a request that no longer fits, or one of whose lenders lacks the money,
falls back whole and waits for the next round. What stands is written by COPY, with every
constraint of the tables at work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from django.db import connection, transaction

from core.bulk import (
    Column,
    array_of,
    copy_numbers,
    next_ids,
    same_day,
    same_instant,
    same_text,
)
from core.clock import day_of
from ledger.bulk import post_columns
from ledger.chart import EntryKind, Role
from ledger.services import account_ids, lock_accounts
from lending.choices import Cover
from lending.models import LoanRequest, Offer
from lending.services.offers import fill_all, takes_offers
from lending.states import MandateStatus, OfferSource, OfferStatus


class Stake(NamedTuple):
    """What the engine gives one mandate of one request."""

    mandate_id: int
    lender_id: int
    request_id: int
    amount_cents: int


@dataclass(frozen=True)
class RoundResult:
    """Which requests received their stakes and which fell back, with the reason's code.

    Attributes:
        offer_ids: (mandate id, request id) of each stake that was placed just now -> its offer.
    """

    placed: list[int] = field(default_factory=list)
    fallen: dict[int, str] = field(default_factory=dict)
    offer_ids: dict[tuple[int, int], int] = field(default_factory=dict)


class _Terms(NamedTuple):
    """What of a mandate matters when its stake is placed."""

    reserve_cents: int
    cover: str


class _Accounts(NamedTuple):
    cash: Mapping[int, int]
    reserved: Mapping[int, int]


_Placed = dict[int, Sequence[Stake]]


@transaction.atomic
def place_round_offers(
    *,
    round_id: int,
    stakes: Sequence[Stake],
    at: datetime,
    rates: Mapping[int, Decimal] | None = None,
) -> RoundResult:
    """Reserve the stakes of one round, request by request in id order; each whole or not at all.

    A second call with the same round changes nothing: a request that already has offers of this
    round counts as placed.

    Args:
        rates: the price that an auction found, by request.
    """
    by_request: dict[int, list[Stake]] = defaultdict(list)
    for stake in stakes:
        by_request[stake.request_id].append(stake)
    lender_ids = {stake.lender_id for stake in stakes}
    accounts = _Accounts(account_ids(Role.CASH, lender_ids), account_ids(Role.RESERVED, lender_ids))
    balances = lock_accounts([*accounts.cash.values(), *accounts.reserved.values()])
    free_cents = {lender: balances[account] for lender, account in accounts.cash.items()}
    requests = _locked_requests(by_request)
    mandates = _active_mandates(stakes)
    prices = rates or {}
    done = set(
        Offer.objects.filter(round_id=round_id, request_id__in=by_request)
        .values_list("request_id", flat=True)
        .distinct()
    )
    result, fresh = RoundResult(), _Placed()
    for request_id in sorted(by_request):
        given = by_request[request_id]
        if request_id in done:
            result.placed.append(request_id)
            continue
        request = requests.get(request_id)
        refusal = _refusal(request, given, free_cents, mandates, at)
        if not refusal and request_id in prices:
            refusal = _price_refusal(request, prices[request_id])
        if refusal:
            result.fallen[request_id] = refusal
            continue
        for stake in given:
            free_cents[stake.lender_id] -= stake.amount_cents
        result.placed.append(request_id)
        fresh[request_id] = given
    result.offer_ids.update(_write(round_id, fresh, _covers(fresh, mandates), accounts, at))
    _fund(fresh, requests, prices, at)
    return result


def _locked_requests(ids: Iterable[int]) -> dict[int, LoanRequest]:
    rows = LoanRequest.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk")
    return {row.pk: row for row in rows}


def _active_mandates(stakes: Sequence[Stake]) -> dict[int, _Terms]:
    wanted = array_of({stake.mandate_id for stake in stakes})
    with connection.cursor() as cursor:
        cursor.execute(_MANDATES, [wanted, MandateStatus.ACTIVE.value])
        return {mandate: _Terms(*terms) for mandate, *terms in cursor.fetchall()}


def _covers(fresh: _Placed, mandates: Mapping[int, _Terms]) -> Column:
    """What each stake bears: what the lender's offers on the request bear, else the mandate's."""
    stakes = [stake for given in fresh.values() for stake in given]
    requests, lenders = array_of(fresh), array_of({stake.lender_id for stake in stakes})
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [requests, lenders, OfferStatus.OPEN.value])
        standing = {(request, lender): cover for request, lender, cover in cursor.fetchall()}
    chosen = {terms.cover for terms in mandates.values()} | set(standing.values())
    if len(chosen) < 2:
        return same_text(*chosen or (Cover.SOLO.value,))
    covers = [
        standing.get((stake.request_id, stake.lender_id)) or mandates[stake.mandate_id].cover
        for stake in stakes
    ]
    return np.array(covers, np.bytes_)


_MANDATES: Final = """
SELECT id, reserve_cents, cover FROM lending_mandate WHERE id = ANY(%s::bigint[]) AND status = %s
"""

_STANDING: Final = """
SELECT DISTINCT request_id, lender_id, cover FROM lending_offer
WHERE request_id = ANY(%s::bigint[]) AND lender_id = ANY(%s::bigint[]) AND status = %s
"""


def _refusal(
    request: LoanRequest | None,
    stakes: Sequence[Stake],
    free_cents: Mapping[int, int],
    mandates: Mapping[int, _Terms],
    at: datetime,
) -> str:
    """Why the stakes of one request cannot stand any more; empty when they can."""
    if request is None or not takes_offers(request, at=at):
        return "request_closed"
    if sum(stake.amount_cents for stake in stakes) > request.missing_cents:
        return "request_full"
    needed: dict[int, int] = defaultdict(int)
    for mandate_id, lender_id, _, amount_cents in stakes:
        if mandate_id not in mandates:
            return "mandate_not_active"
        needed[lender_id] += amount_cents
        if free_cents[lender_id] - needed[lender_id] < mandates[mandate_id].reserve_cents:
            return "insufficient_funds"
    return ""


def _price_refusal(request: LoanRequest | None, price: Decimal) -> str:
    """A price stands only between the rates of an auction that is still open."""
    if request is None or request.floor_rate is None or request.annual_rate is None:
        return "price_out_of_band"
    is_within = request.floor_rate <= price <= request.annual_rate
    return "" if request.is_auction and is_within else "price_out_of_band"


def _write(
    round_id: int, fresh: _Placed, covers: Column, accounts: _Accounts, at: datetime
) -> dict[tuple[int, int], int]:
    """Write offers and reservations; every account is locked and known to suffice."""
    stakes = [stake for given in fresh.values() for stake in given]
    if not stakes:
        return {}
    on, ids = day_of(at), next_ids("lending_offer", len(stakes))
    flat = np.fromiter(chain.from_iterable(stakes), np.int64, len(stakes) * len(Stake._fields))
    mandates, lenders, requests, cents = flat.reshape(-1, len(Stake._fields)).T
    copy_numbers(
        "lending_offer",
        {
            "id": np.array(ids, np.int64),
            "request_id": requests,
            "lender_id": lenders,
            "mandate_id": mandates,
            "round_id": np.full(len(ids), round_id, np.int64),
            "source": same_text(OfferSource.MANDATE.value),
            "status": same_text(OfferStatus.OPEN.value),
            "amount_cents": cents,
            "cover": covers,
            "placed_at": same_instant(at),
            "firm_on": same_day(on),
        },
    )
    owners = lenders.tolist()
    post_columns(
        references=[f"round:{round_id}:{request_id}" for request_id in fresh],
        kind=EntryKind.RESERVATION,
        effective_on=on,
        at=at,
        entry_of=np.repeat(np.arange(len(fresh)), [len(given) for given in fresh.values()]),
        debit_ids=np.array([accounts.cash[lender] for lender in owners], np.int64),
        credit_ids=np.array([accounts.reserved[lender] for lender in owners], np.int64),
        cents=cents,
    )
    return {
        (stake.mandate_id, stake.request_id): offer_id
        for offer_id, stake in zip(ids, stakes, strict=True)
    }


def _fund(
    fresh: _Placed,
    requests: Mapping[int, LoanRequest],
    prices: Mapping[int, Decimal],
    at: datetime,
) -> None:
    """Add the stakes to their requests and, for auctions, fix the price that was found."""
    funded = [requests[request_id] for request_id in fresh]
    for request in funded:
        request.funded_cents += sum(stake.amount_cents for stake in fresh[request.pk])
        if request.pk in prices:
            request.annual_rate = request.floor_rate = prices[request.pk]
    columns = (
        [request.pk for request in funded],
        [request.funded_cents for request in funded],
        [request.annual_rate for request in funded],
        [request.floor_rate for request in funded],
    )
    with connection.cursor() as cursor:
        cursor.execute(_STORE_FUNDING, columns)
    fill_all([request for request in funded if not request.missing_cents], at=at)


_STORE_FUNDING: Final = """
UPDATE lending_loanrequest AS request
SET funded_cents = funded.cents, annual_rate = funded.rate, floor_rate = funded.floor
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[])
    AS funded (id, cents, rate, floor)
WHERE request.id = funded.id
"""
