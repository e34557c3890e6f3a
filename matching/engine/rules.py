"""The versions of the rule by which rounds are decided, so that old rounds can be decided again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between releases.

    Attributes:
        sample: prices are found on so many lenders at most.
        iterations: how often the prices are set anew.
        tells_rates: whether the hash of a result covers what auctions came to.
        heeds_outsiders: whether lenders who fit nowhere divide buckets by the traits that they
            refuse, and stand in the sample of lenders.
    """

    sample: int
    iterations: int
    tells_rates: bool = True
    heeds_outsiders: bool = False


RULE_VERSION: Final = "water-filling 4"
"""Changes whenever the same market and seed would give another result."""
HEEDING_OUTSIDERS: Final = "water-filling 3"
"""Lenders who fit nowhere had a say in the buckets and in the sample."""
FEWER_ITERATIONS: Final = "water-filling 2"
"""Prices of two iterations on a smaller sample."""
BEFORE_AUCTIONS: Final = "water-filling 1"
"""The same where every rate is fixed; its results told no rates."""

_RULES: Final = {
    RULE_VERSION: Rules(sample=10_000, iterations=12),
    HEEDING_OUTSIDERS: Rules(sample=10_000, iterations=12, heeds_outsiders=True),
    FEWER_ITERATIONS: Rules(sample=2_000, iterations=2, heeds_outsiders=True),
    BEFORE_AUCTIONS: Rules(sample=2_000, iterations=2, tells_rates=False, heeds_outsiders=True),
}


def rules_of(version: str) -> Rules:
    """The rules with that name; raises ValueError for unknown ones."""
    known = _RULES.get(version)
    if known is None:
        raise ValueError(version)
    return known
