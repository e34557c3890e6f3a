"""Why: the parts of a level, the filters that keep a mandate out, and what held a request back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np

from matching.engine.levels import LEVEL_BITS, level_of_one
from matching.engine.limits import Reason
from matching.engine.pour import Skipped
from matching.engine.problem import UNIT_CENTS, Ints, Market

TOP: Final = 3


class Filter(IntFlag):
    """What of a mandate refuses a request; several may at once."""

    GRADE = 1
    TERM = 2
    PURPOSE = 4
    MARK = 8
    RATE_TOO_LOW = 16
    RATE_TOO_HIGH = 32
    NET_RATE = 64
    TRAIT = 128


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that kept `mandates` mandates from lending to a request, or from lending more.

    Attributes:
        name: a `Reason` or `Filter`, by its name in lower case.
    """

    name: str
    mandates: int


def level_of_stake(before_cents: int, amount_cents: int, last_cents: int, base: int) -> int:
    """The level of the last portion of a stake, from the numbers that are stored with it."""
    units, last = amount_cents // UNIT_CENTS, last_cents // UNIT_CENTS
    return level_of_one(2 * before_cents, units - last, last, base)


def next_level_of_stake(before_cents: int, amount_cents: int, base: int) -> int:
    """The level at which the lender would have come next for one unit more."""
    return level_of_one(2 * before_cents, amount_cents // UNIT_CENTS, 1, base)


def per_mille(level: int) -> int:
    """A level in thousandths of the lender's turn, for a sentence: 1,000 is exactly its turn."""
    return level * 1_000 >> LEVEL_BITS


def refusals(market: Market, mandates: Ints, requests: Ints) -> Ints:
    """The filters by which each mandate refuses each request (a row per mandate), as `Filter`s.

    Args:
        mandates, requests: positions in the market.
    """
    table, asked = market.mandates, market.requests
    column = np.searchsorted(np.array(market.terms, np.int64), asked.term_months[requests])
    rate = asked.rate[requests]
    shared = table.refused[mandates].astype(np.int64) @ asked.traits[requests].T.astype(np.int64)
    net = rate - asked.loss_rate[requests]
    broken = (
        (~table.grades[mandates][:, asked.grade[requests]], Filter.GRADE),
        (~table.terms[mandates][:, column], Filter.TERM),
        (~table.purposes[mandates][:, asked.purpose[requests]], Filter.PURPOSE),
        (table.max_mark[mandates][:, None] < asked.mark[requests], Filter.MARK),
        (table.min_rate[mandates][:, None] > rate, Filter.RATE_TOO_LOW),
        (table.max_rate[mandates][:, None] < asked.floor_rate[requests], Filter.RATE_TOO_HIGH),
        (table.min_net_rate[mandates][:, None] > net, Filter.NET_RATE),
        (shared > 0, Filter.TRAIT),
    )
    found = np.zeros((len(mandates), len(requests)), np.int64)
    for refused, name in broken:
        found |= refused * int(name)
    return found


def refused_traits(market: Market, mandate: int, request: int) -> tuple[str, ...]:
    """The traits of a request that a mandate refuses, by their words; both by position."""
    both = market.mandates.refused[mandate] & market.requests.traits[request]
    return tuple(market.traits[at] for at in both.nonzero()[0].tolist())


def blockers(market: Market, skipped: Skipped, top: int = TOP) -> list[Blocker]:
    """What held a skipped request back most: limits of those who match, filters of those who don't.

    A filter counts the mandates which it alone keeps out. Most mandates first, then by name.
    """
    everyone = np.arange(len(market.mandates.ids))
    refused = refusals(market, everyone, np.array([skipped.request]))[:, 0]
    found = [
        Blocker(Reason(at).name.lower(), count)
        for at, count in enumerate(skipped.limited)
        if count and at != Reason.AMOUNT
    ]
    for name in Filter:
        alone = int((refused == name).sum())
        if alone:
            found.append(Blocker(str(name.name).lower(), alone))
    return sorted(found, key=lambda one: (-one.mandates, one.name))[:top]
