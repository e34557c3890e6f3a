"""Nearest misses: the requests on the market that a mandate refuses, by the filter that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.clock import day_of
from lending.models import LoanRequest
from lending.selectors.mandates import mandate_of
from lending.selectors.market import PUBLIC_COLUMNS
from matching.engine.explain import Filter, refusals, refused_traits
from matching.engine.problem import Market
from matching.selectors.market import market_now
from matching.selectors.traits import trait_words

WORDS: Final[dict[str, Any]] = {
    "grade": _("its grade"),
    "term": _("its term"),
    "purpose": _("its purpose"),
    "mark": _("its affordability mark"),
    "rate_too_low": _("its rate is below your lowest"),
    "rate_too_high": _("its rate is above your highest"),
    "net_rate": _("the return expected of it is below your lowest"),
    "trait": _("one of your further filters"),
}


@dataclass(frozen=True)
class Miss:
    """A request that a mandate refuses; `filters` are keys of WORDS."""

    request: LoanRequest
    filters: tuple[str, ...]
    traits: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """What refused it, in the active language."""
        return _words(self.filters, self.traits)


def nearest_misses(user: User, mandate_id: int, *, at: datetime, most: int = 10) -> list[Miss]:
    """Open requests that this lender's mandate refuses, those with the fewest reasons first.

    A paused or ended mandate refuses nothing. Raises NotFound for anyone else's mandate.
    """
    mandate = mandate_of(user, mandate_id)
    market = market_now(on=day_of(at), at=at, mandate_ids=[mandate.pk])
    if not len(market.mandates.ids):
        return []
    refused = refusals(market, np.arange(1), np.arange(len(market.requests.ids)))[0]
    count = np.bitwise_count(refused)
    order = np.lexsort((market.requests.ids, count))
    chosen = [at for at in order.tolist() if refused[at]][:most]
    ids = market.requests.ids[chosen].tolist()
    rows = LoanRequest.objects.only(*PUBLIC_COLUMNS).in_bulk(ids)
    return [
        Miss(rows[request_id], _names(int(refused[place])), refused_traits(market, 0, place))
        for place, request_id in zip(chosen, ids, strict=True)
        if request_id in rows
    ]


def refusal_words(market: Market, mandate: int, request: int) -> list[str]:
    """What of one mandate refuses one request, in the active language; both by position."""
    refused = refusals(market, np.array([mandate]), np.array([request]))[0, 0]
    return _words(_names(int(refused)), refused_traits(market, mandate, request))


def _words(filters: tuple[str, ...], traits: tuple[str, ...]) -> list[str]:
    """The filters in words; of the traits each that was refused, by its own name."""
    names = [str(WORDS[name]) for name in filters if name != "trait" or not traits]
    return [*names, *(trait_words(trait) for trait in traits)]


def _names(bits: int) -> tuple[str, ...]:
    return tuple(str(name.name).lower() for name in Filter if bits & name)
