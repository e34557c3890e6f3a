"""A market with a row more or a person less, still in canonical order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from matching.engine.problem import Ints, Lenders, Mandates, Market, Pairs, Requests

Table = TypeVar("Table", Lenders, Mandates, Requests)
AnyTable = TypeVar("AnyTable", Lenders, Mandates, Requests, Pairs)


def without_lender(market: Market, lender_id: int) -> Market:
    """The market as it would be without one lender and all that is theirs."""
    lenders, mandates = market.lenders, market.mandates
    return replace(
        market,
        lenders=_kept(lenders, lenders.ids != lender_id),
        mandates=_kept(mandates, mandates.lender_ids != lender_id),
        exposures=_kept(market.exposures, market.exposures.lender_ids != lender_id),
        offers=_kept(market.offers, market.offers.lender_ids != lender_id),
    )


def without_borrower(market: Market, borrower_id: int) -> Market:
    """The market as it would be without the requests of one borrower."""
    requests = market.requests
    gone = requests.ids[requests.borrower_ids == borrower_id]
    return replace(
        market,
        requests=_kept(requests, requests.borrower_ids != borrower_id),
        exposures=_kept(market.exposures, market.exposures.other_ids != borrower_id),
        offers=_kept(market.offers, ~np.isin(market.offers.other_ids, gone)),
    )


def next_id(ids: Ints) -> int:
    """An id above all others, so that its row stands last."""
    return int(ids.max(initial=0)) + 1


def with_row(table: Table, row: Mapping[str, Any]) -> Table:
    """The table with a last row; `row` has a value for every column."""
    columns = {}
    for column in fields(table):
        old = getattr(table, column.name)
        new = np.array([row[column.name]], old.dtype).reshape(1, *old.shape[1:])
        columns[column.name] = np.concatenate([old, new])
    return type(table)(**columns)


def _kept(table: AnyTable, flags: Any) -> AnyTable:
    columns = {column.name: getattr(table, column.name)[flags] for column in fields(table)}
    return type(table)(**columns)


def with_pairs(pairs: Pairs, lender_id: int, held: Mapping[int, int]) -> Pairs:
    """Pairs of the lender that stands last, by the other's id."""
    rows = [(lender_id, other, cents) for other, cents in sorted(held.items())]
    return _joined(pairs, rows)


def offers_with(pairs: Pairs, request_id: int, held: Sequence[tuple[int, int]]) -> Pairs:
    """Pairs with what some lenders have in one request, back in order."""
    joined = _joined(pairs, [(lender, request_id, cents) for lender, cents in held])
    order = np.lexsort((joined.other_ids, joined.lender_ids))
    return Pairs(joined.lender_ids[order], joined.other_ids[order], joined.cents[order])


def _joined(pairs: Pairs, rows: Sequence[tuple[int, int, int]]) -> Pairs:
    if not rows:
        return pairs
    lenders, others, cents = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Pairs(
        np.concatenate([pairs.lender_ids, lenders]),
        np.concatenate([pairs.other_ids, others]),
        np.concatenate([pairs.cents, cents]),
    )
