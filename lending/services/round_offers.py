"""What a round of the engine decided, made real: offers for mandates, whole requests or none.

The engine worked on a snapshot; meanwhile people bid and withdrew by hand. So everything is locked
and looked at again here: a request that no longer fits, or one of whose lenders lacks the money,
falls back whole and waits for the next round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from core.clock import day_of
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_ids, lock_accounts, post_entry
from lending.models import LoanRequest, Mandate, Offer
from lending.services.offers import add_funding, takes_offers
from lending.states import MandateStatus, OfferSource


class Stake(NamedTuple):
    """What the engine gives one mandate of one request."""

    mandate_id: int
    lender_id: int
    request_id: int
    amount_cents: int


@dataclass(frozen=True)
class RoundResult:
    """Which requests received their stakes and which fell back, with the reason's code."""

    placed: list[int] = field(default_factory=list)
    fallen: dict[int, str] = field(default_factory=dict)


class _Accounts(NamedTuple):
    cash: Mapping[int, int]
    reserved: Mapping[int, int]


@transaction.atomic
def place_round_offers(*, round_id: int, stakes: Sequence[Stake], at: datetime) -> RoundResult:
    """Reserve the stakes of one round, request by request in id order; each whole or not at all.

    A second call with the same round changes nothing: a request that already has offers of this
    round counts as placed.
    """
    by_request: dict[int, list[Stake]] = defaultdict(list)
    for stake in stakes:
        by_request[stake.request_id].append(stake)
    lender_ids = {stake.lender_id for stake in stakes}
    accounts = _Accounts(account_ids(Role.CASH, lender_ids), account_ids(Role.RESERVED, lender_ids))
    balances = lock_accounts([*accounts.cash.values(), *accounts.reserved.values()])
    free_cents = {lender: balances[account] for lender, account in accounts.cash.items()}
    requests = _locked_requests(by_request)
    reserves = _reserves_of_active_mandates(stakes)
    done = set(
        Offer.objects.filter(round_id=round_id, request_id__in=by_request)
        .values_list("request_id", flat=True)
        .distinct()
    )
    result = RoundResult()
    for request_id in sorted(by_request):
        given = by_request[request_id]
        if request_id in done:
            result.placed.append(request_id)
            continue
        refusal = _refusal(requests.get(request_id), given, free_cents, reserves, at)
        if refusal:
            result.fallen[request_id] = refusal
            continue
        for stake in given:
            free_cents[stake.lender_id] -= stake.amount_cents
        _place(round_id, requests[request_id], given, accounts, at)
        result.placed.append(request_id)
    return result


def _locked_requests(ids: Iterable[int]) -> dict[int, LoanRequest]:
    rows = LoanRequest.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk")
    return {row.pk: row for row in rows}


def _reserves_of_active_mandates(stakes: Sequence[Stake]) -> dict[int, int]:
    wanted = {stake.mandate_id for stake in stakes}
    rows = Mandate.objects.filter(pk__in=wanted, status=MandateStatus.ACTIVE)
    return dict(rows.values_list("pk", "reserve_cents"))


def _refusal(
    request: LoanRequest | None,
    stakes: Sequence[Stake],
    free_cents: Mapping[int, int],
    reserves: Mapping[int, int],
    at: datetime,
) -> str:
    """Why the stakes of one request cannot stand any more; empty when they can."""
    if request is None or not takes_offers(request, at=at):
        return "request_closed"
    if sum(stake.amount_cents for stake in stakes) > request.missing_cents:
        return "request_full"
    needed: dict[int, int] = defaultdict(int)
    for stake in stakes:
        if stake.mandate_id not in reserves:
            return "mandate_not_active"
        needed[stake.lender_id] += stake.amount_cents
        if free_cents[stake.lender_id] - needed[stake.lender_id] < reserves[stake.mandate_id]:
            return "insufficient_funds"
    return ""


def _place(
    round_id: int,
    request: LoanRequest,
    stakes: Sequence[Stake],
    accounts: _Accounts,
    at: datetime,
) -> None:
    on = day_of(at)
    Offer.objects.bulk_create(
        Offer(
            request=request,
            lender_id=stake.lender_id,
            mandate_id=stake.mandate_id,
            round_id=round_id,
            source=OfferSource.MANDATE,
            amount_cents=stake.amount_cents,
            placed_at=at,
            firm_on=on,
        )
        for stake in stakes
    )
    post_entry(
        reference=f"round:{round_id}:{request.pk}",
        kind=EntryKind.RESERVATION,
        effective_on=on,
        at=at,
        moves=[
            Move(
                accounts.cash[stake.lender_id],
                accounts.reserved[stake.lender_id],
                stake.amount_cents,
            )
            for stake in stakes
        ],
    )
    add_funding(request, sum(stake.amount_cents for stake in stakes), at=at)
