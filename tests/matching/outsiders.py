"""Markets without the lenders whom no request suits."""

from __future__ import annotations

import numpy as np

from matching.engine.book import open_book
from matching.engine.eligibility import Eligibility, buckets_of
from matching.engine.problem import Market, market


def without_outsiders(given: Market) -> Market | None:
    """The market without lenders who take part nowhere; None when all of them do somewhere."""
    book = open_book(given, 0)
    eligible = Eligibility(book, buckets_of(given))
    taking = {owner for _, found in eligible for owner in book.owner[found].tolist()}
    outside = [at for at in range(len(book.cash)) if at not in taking]
    return without(given, given.lenders.ids[book.lender_at[outside]]) if outside else None


def without(given: Market, lender_ids: np.ndarray) -> Market:
    """The market without some lenders and all that is theirs."""

    def kept(table, ids):
        chosen = ~np.isin(ids, lender_ids)
        names = type(table).__dataclass_fields__
        return type(table)(**{name: getattr(table, name)[chosen] for name in names})

    return market(
        terms=given.terms,
        purposes=given.purposes,
        traits=given.traits,
        lenders=kept(given.lenders, given.lenders.ids),
        mandates=kept(given.mandates, given.mandates.lender_ids),
        requests=given.requests,
        exposures=kept(given.exposures, given.exposures.lender_ids),
        offers=kept(given.offers, given.offers.lender_ids),
    )
