"""What a round decides, in the order and with the positions of the canonical market."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.engine.eligibility import Buckets
from matching.engine.frames import digest, frames
from matching.engine.pour import Dealt, Outcome, Skipped
from matching.engine.problem import UNIT_CENTS, Ints, Market

RULE_VERSION: Final = "water-filling 1"
"""Changes whenever the same market and seed would give another result."""

FILLED: Final = (int(Outcome.FUNDED), int(Outcome.FITTED))
Whole = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Stakes:
    """One row per stake, by request and mandate.

    Attributes:
        mandates, requests: positions in the market.
        units: the stake; last: its last portion.
        level: the level of that last portion; with base and before_cents it can be recomputed.
        reason: why it is not larger, a `limits.Reason`.
    """

    mandates: Whole
    requests: Whole
    units: Whole
    last: Whole
    level: Whole
    base: Whole
    before_cents: Whole
    reason: Whole

    def __len__(self) -> int:
        """The number of stakes."""
        return len(self.units)

    @property
    def amount_cents(self) -> Ints:
        """The stakes in cents."""
        return self.units.astype(np.int64) * UNIT_CENTS


def joined(dealt: list[Dealt]) -> Stakes:
    """All stakes of a round in canonical order; empties `dealt` to save memory."""
    dealt.sort(key=lambda one: one.request)
    counts = [len(one.units) for one in dealt]
    requests = np.repeat(np.array([one.request for one in dealt], np.int32), counts)
    names = [field.name for field in fields(Stakes) if field.name != "requests"]
    columns = {
        name: np.concatenate([getattr(one, name) for one in dealt])
        if dealt
        else np.zeros(0, np.int64)
        for name in names
    }
    dealt.clear()
    return Stakes(requests=requests, **columns)


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of a round; a pure function of market (with its carry) and seed.

    Attributes:
        bucket_of: the bucket of each request; price, cover: of each bucket, see `plan.Plan`.
        outcome: what became of each request, an `Outcome`.
        skipped: why requests were left alone, in the order in which that was found.
        attainable_cents, placed_cents: per lender.
        owed_cents: the carry per lender for the next round.
        pairs: how many pairs of lender and request could have come together.
    """

    market: Market
    seed: int
    buckets: Buckets
    bucket_of: Ints
    price: tuple[int, ...]
    cover: tuple[int, ...]
    stakes: Stakes
    outcome: Ints
    skipped: tuple[Skipped, ...]
    attainable_cents: Ints
    placed_cents: Ints
    owed_cents: Ints
    pairs: int

    @property
    def is_funded(self) -> NDArray[np.bool_]:
        """Whether each request was filled."""
        return np.isin(self.outcome, FILLED)

    @property
    def funded_cents(self) -> int:
        """All money placed."""
        return int(self.placed_cents.sum())

    @cached_property
    def sha256(self) -> str:
        """The hash of everything decided, with the prices that it rests on."""
        return digest(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        market, stakes = self.market, self.stakes
        facts = {"result": RULE_VERSION, "seed": self.seed}
        columns = {
            "mandate": market.mandates.ids[stakes.mandates],
            "request": market.requests.ids[stakes.requests],
            **{
                name: getattr(stakes, name)
                for name in ("units", "last", "level", "base", "before_cents", "reason")
            },
            "outcome": self.outcome,
            "bucket": self.bucket_of,
            "price": np.array(self.price, np.int64),
            "cover": np.array(self.cover, np.int64),
            "attainable_cents": self.attainable_cents,
            "owed_cents": self.owed_cents,
        }
        return frames(facts, columns)
