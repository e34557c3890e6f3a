"""What the demo's borrowers choose: how their rate is found, whether a part would do, odd days.

It follows from the number of the request, so that nothing else in the story changes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from lending.choices import LEAST_PART_PERCENT, FirstPeriod, PriceRule
from lending.domain.pricing import HIGHEST_RATE

EVERY: Final = 8
"""One request in so many is an auction, and one takes a part."""
_AUCTION: Final = 3
_STUB: Final = (1, 4)
"""These pay the days before their first month with their first instalment."""
_PART: Final = 6
HURRY: Final = timedelta(days=2)
"""After so long every second borrower who is content with a part takes it."""


@dataclass(frozen=True)
class Wish:
    """Fields of AmountData."""

    price_rule: str = PriceRule.FIXED
    max_rate: Decimal | None = None
    least_percent: int = 100
    first_period: str = FirstPeriod.EQUAL


LOWEST_RATE: Final = Wish(price_rule=PriceRule.AUCTION, max_rate=HIGHEST_RATE)
SPREAD: Final = Wish(price_rule=PriceRule.AUCTION_SPREAD, max_rate=HIGHEST_RATE)
A_PART: Final = Wish(least_percent=LEAST_PART_PERCENT)
_MOST_OF_IT: Final = Wish(least_percent=85)
_THE_POSTED_RATE: Final = Wish()
_ODD_DAYS_FIRST: Final = Wish(first_period=FirstPeriod.STUB)


def wish(number: int) -> Wish:
    """What the request of a number asks for; every second auction is spread over more lenders."""
    turn, place = divmod(number, EVERY)
    if place == _AUCTION:
        return SPREAD if turn % 2 else LOWEST_RATE
    if place == _PART:
        return _MOST_OF_IT if turn % 2 else A_PART
    return _ODD_DAYS_FIRST if place in _STUB else _THE_POSTED_RATE
