"""What will happen in the demo's year, drawn once from the seed: who asks when, who pays late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from demo.applicants import Applicant, applicants
from demo.lenders import LenderPlan, lender_plans

REQUESTS: Final = 120
FRESH: Final = 10
"""How many of them come in the last days, so that the market is open when the year is over."""
FRESH_DAYS: Final = 6
QUIET_START_DAYS: Final = 7
ASKED_AGAIN: Final = REQUESTS - 3
"""The arrival that is no newcomer: the borrower that is shown asks a second time."""


@dataclass(frozen=True)
class Trouble:
    """From which instalment debits fail, and for how many days; None is for good."""

    from_instalment: int
    days: int | None


TROUBLES: Final[Mapping[int, Trouble]] = {
    2: Trouble(from_instalment=3, days=None),
    4: Trouble(from_instalment=2, days=9),
    7: Trouble(from_instalment=3, days=40),
    11: Trouble(from_instalment=4, days=9),
    16: Trouble(from_instalment=2, days=70),
    21: Trouble(from_instalment=5, days=9),
    33: Trouble(from_instalment=3, days=12),
    45: Trouble(from_instalment=5, days=120),
}
"""By the number of the request in the order of arrival: the first of these ends in default."""

BREAKS: Final[Mapping[int, int]] = {5: 2, 14: 1}
"""Whose borrower takes a payment break of so many months, once it may; by the same numbers."""
HELPED: Final = 16
"""Whose loan staff stretch when it is late."""


@dataclass(frozen=True)
class StoryLine:
    """The plot: days, arrivals (one request each, in order), lenders, a stream of applicants."""

    start: date
    end: date
    arrivals: tuple[date, ...]
    lenders: tuple[LenderPlan, ...]
    applicants: Iterator[Applicant]

    @property
    def days(self) -> list[date]:
        """Every day of the story, in order; the last one stays open."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days)]


def story_line(rng: Random, *, end: date, days: int) -> StoryLine:
    """Draw the plot of the `days` before `end`."""
    start = end - timedelta(days=days)
    return StoryLine(
        start=start,
        end=end,
        arrivals=_arrivals(rng, start, days),
        lenders=tuple(lender_plans(rng, start=start, days=days)),
        applicants=applicants(rng),
    )


def _arrivals(rng: Random, start: date, days: int) -> tuple[date, ...]:
    usual = [rng.randrange(QUIET_START_DAYS, days - FRESH_DAYS) for _ in range(REQUESTS - FRESH)]
    fresh = [days - FRESH_DAYS + n * FRESH_DAYS // FRESH for n in range(FRESH)]
    return tuple(start + timedelta(days=n) for n in sorted(usual + fresh))
