"""What was decided, made real: offers with their receipts, shard by shard, then the carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import connection, transaction

from core.bulk import array_of, copy_numbers, same_text
from lending.services.round_offers import Stake, place_round_offers
from matching.choices import RATE_SCALE, SHARD_STAKES
from matching.engine.limits import Reason
from matching.engine.problem import UNIT_CENTS, Ints
from matching.engine.result import Result
from matching.engine.stakes import Stakes

_REASONS: Final = np.array([reason.name.lower() for reason in Reason])


def book_stakes(*, round_id: int, result: Result, at: datetime) -> dict[int, str]:
    """Place the offers of a round; request id -> why it fell back, for those that did.

    A shard is one transaction; doing one again changes nothing. Requests keep their id order, so
    that whoever works on a market locks in the same order.
    """
    fallen: dict[int, str] = {}
    for rows in shards(result.stakes):
        fallen |= _book_shard(round_id, result, rows, at)
    return fallen


def shards(stakes: Stakes, most: int = SHARD_STAKES) -> Iterator[slice]:
    """Rows of whole requests, about `most` at a time."""
    ends = np.flatnonzero(np.diff(stakes.requests, append=-1)) + 1
    start = 0
    while start < len(stakes):
        fitting = int(np.searchsorted(ends, start + most, side="right")) - 1
        end = int(ends[fitting]) if fitting >= 0 else start
        if end <= start:
            end = int(ends[np.searchsorted(ends, start, side="right")])
        yield slice(start, end)
        start = end


@transaction.atomic
def _book_shard(round_id: int, result: Result, rows: slice, at: datetime) -> dict[int, str]:
    decided = decided_rows(result, rows)
    columns = (decided.mandate_ids, decided.lender_ids, decided.request_ids, decided.amount_cents)
    stakes = list(map(Stake._make, zip(*(column.tolist() for column in columns), strict=True)))
    prices = _prices(result, set(result.stakes.requests[rows].tolist()))
    placed = place_round_offers(round_id=round_id, stakes=stakes, at=at, rates=prices)
    _write_receipts(round_id, decided, placed.offer_ids)
    return placed.fallen


def _prices(result: Result, requests: Iterable[int]) -> dict[int, Decimal]:
    """What auctions among the requests (by position) came to, by the id of the database."""
    table = result.market.requests
    is_auction = table.is_auction
    return {
        int(table.ids[at]): Decimal(int(result.rate[at])) / RATE_SCALE
        for at in requests
        if is_auction[at]
    }


def _write_receipts(
    round_id: int, decided: Decided, offer_ids: Mapping[tuple[int, int], int]
) -> None:
    """A receipt for each offer that was placed just now, one COPY for each reason."""
    pairs = zip(decided.mandate_ids.tolist(), decided.request_ids.tolist(), strict=True)
    offers = np.array([offer_ids.get(pair, 0) for pair in pairs], np.int64)
    for reason in np.unique(decided.reason[offers > 0]):
        rows = np.flatnonzero((decided.reason == reason) & (offers > 0))
        copy_numbers(
            "matching_receipt",
            {
                "offer_id": offers[rows],
                "round_id": np.full(len(rows), round_id, np.int64),
                "bucket": decided.bucket[rows].astype(np.int32),
                **{name: getattr(decided, name)[rows] for name in _RECEIPT_FACTS},
                "reason": same_text(str(reason)),
            },
        )


_RECEIPT_FACTS: Final = ("level", "base", "before_cents", "last_cents")


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Stakes by the ids of the database, with the numbers of their receipts."""

    mandate_ids: Ints
    lender_ids: Ints
    request_ids: Ints
    amount_cents: Ints
    bucket: Ints
    level: Ints
    base: Ints
    before_cents: Ints
    last_cents: Ints
    reason: Any

    def lists(self) -> dict[str, list[Any]]:
        """The columns as lists."""
        return {name: getattr(self, name).tolist() for name in self.__slots__}


def decided_rows(result: Result, rows: slice) -> Decided:
    """Some of the stakes of a result."""
    market, stakes = result.market, result.stakes
    mandates, requests = stakes.mandates[rows], stakes.requests[rows]
    return Decided(
        mandate_ids=market.mandates.ids[mandates],
        lender_ids=market.mandates.lender_ids[mandates],
        request_ids=market.requests.ids[requests],
        amount_cents=stakes.amount_cents[rows],
        bucket=result.bucket_of[requests],
        level=stakes.level[rows],
        base=stakes.base[rows],
        before_cents=stakes.before_cents[rows],
        last_cents=stakes.last[rows].astype(np.int64) * UNIT_CENTS,
        reason=_REASONS[stakes.reason[rows]],
    )


def carry_over(*, round_id: int, result: Result, fallen: Mapping[int, str]) -> None:
    """Store what each lender is owed now; a stake that fell back is owed as before it was dealt."""
    lenders = result.market.lenders
    owed = result.owed_cents.copy()
    lost = np.isin(result.stakes.requests, _places_of(result, fallen))
    owners = np.searchsorted(lenders.ids, result.market.mandates.lender_ids)
    np.add.at(owed, owners[result.stakes.mandates[lost]], result.stakes.amount_cents[lost])
    owed = np.clip(owed, -lenders.cash_cents, lenders.cash_cents)
    moved = owed != lenders.owed_cents
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE_CARRY,
            {
                "round_id": round_id,
                "lender_ids": array_of(lenders.ids[moved].tolist()),
                "owed_cents": array_of(owed[moved].tolist()),
            },
        )


def _places_of(result: Result, fallen: Mapping[int, str]) -> Ints:
    """Positions of the fallen requests in the market."""
    ids = np.array(sorted(fallen), np.int64)
    return np.searchsorted(result.market.requests.ids, ids)


_STORE_CARRY: Final = """
INSERT INTO matching_lendercarry (lender_id, owed_cents, round_id)
SELECT made.lender_id, made.owed_cents, %(round_id)s
FROM unnest(%(lender_ids)s::bigint[], %(owed_cents)s::bigint[]) AS made (lender_id, owed_cents)
ORDER BY made.lender_id
ON CONFLICT (lender_id) DO UPDATE
SET owed_cents = excluded.owed_cents, round_id = excluded.round_id
"""
