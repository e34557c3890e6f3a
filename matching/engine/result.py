"""What a round decides, in the order and with the positions of the canonical market."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.engine.eligibility import Buckets
from matching.engine.frames import digest, frames
from matching.engine.pour import Outcome, Skipped
from matching.engine.problem import Ints, Market
from matching.engine.rules import RULE_VERSION, rules_of
from matching.engine.stakes import Stakes

FILLED: Final = (int(Outcome.FUNDED), int(Outcome.FITTED), int(Outcome.PART))


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of a round; a pure function of market (with its carry) and seed.

    Attributes:
        bucket_of: the bucket of each request; price, cover: of each bucket, see `plan.Plan`.
        rate: of each request: the price that an auction found, else the rate asked for.
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
    rate: Ints
    outcome: Ints
    skipped: tuple[Skipped, ...]
    attainable_cents: Ints
    placed_cents: Ints
    owed_cents: Ints
    pairs: int

    @property
    def is_funded(self) -> NDArray[np.bool_]:
        """Whether each request got its stakes, all or as many as suffice."""
        return np.isin(self.outcome, FILLED)

    @property
    def prices(self) -> dict[int, int]:
        """What the auctions that were filled came to, by the id of the request, ascending."""
        requests = self.market.requests
        found = (requests.is_auction & self.is_funded).nonzero()[0]
        return dict(zip(requests.ids[found].tolist(), self.rate[found].tolist(), strict=True))

    @property
    def funded_cents(self) -> int:
        """All money placed."""
        return int(self.placed_cents.sum())

    @cached_property
    def sha256(self) -> str:
        """The hash of everything decided, with the prices that it rests on."""
        return self.sha256_by(RULE_VERSION)

    def sha256_by(self, rules: str) -> str:
        """The hash as a release with these rules wrote it; raises ValueError for unknown ones."""
        return digest(self._pieces(rules))

    def _pieces(self, rules: str) -> Iterator[bytes]:
        market, stakes = self.market, self.stakes
        facts = {"result": rules, "seed": self.seed}
        columns = {
            "mandate": market.mandates.ids[stakes.mandates],
            "request": market.requests.ids[stakes.requests],
            **{
                name: getattr(stakes, name)
                for name in ("units", "last", "level", "base", "before_cents", "reason")
            },
            "rate": self.rate,
            "outcome": self.outcome,
            "bucket": self.bucket_of,
            "price": np.array(self.price, np.int64),
            "cover": np.array(self.cover, np.int64),
            "attainable_cents": self.attainable_cents,
            "owed_cents": self.owed_cents,
        }
        if not rules_of(rules).tells_rates:
            del columns["rate"]
        return frames(facts, columns)
