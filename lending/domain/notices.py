"""When a consumer loan may be called due: the guard of section 498 of the Civil Code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

LEAST_CONSECUTIVE: Final = 2
SHORT_TERM_MONTHS: Final = 36
SHORT_TERM_PERCENT: Final = 10
LONG_TERM_PERCENT: Final = 5
NOTICE_DAYS: Final = 14
POST_DAYS: Final = 3
"""A letter counts as received so many days after it left; the two weeks begin then."""


class NoticeFinding(NamedTuple):
    """What section 498 asks of the overdue instalments, and what there is.

    Attributes:
        consecutive: the longest run of instalments that are wholly or partly overdue.
        least_cents: the overdue sum from which the loan may be called due.
    """

    consecutive: int
    overdue_cents: int
    least_cents: int

    @property
    def has_run(self) -> bool:
        """At least two instalments in a row are overdue."""
        return self.consecutive >= LEAST_CONSECUTIVE

    @property
    def has_sum(self) -> bool:
        """The overdue sum is large enough."""
        return self.overdue_cents >= self.least_cents


def least_overdue_cents(nominal_cents: int, term_months: int) -> int:
    """Return the overdue sum that termination needs, rounded up to the cent.

    10 % of the nominal amount for terms of up to three years, 5 % above.

    Source:
        Section 498(1) BGB.
    """
    percent = SHORT_TERM_PERCENT if term_months <= SHORT_TERM_MONTHS else LONG_TERM_PERCENT
    return -(-nominal_cents * percent // 100)


def find_notice(
    nominal_cents: int, term_months: int, overdue: Sequence[tuple[int, int]]
) -> NoticeFinding:
    """Measure overdue instalments against section 498.

    Args:
        nominal_cents: the amount lent, whatever was repaid of it.
        overdue: the place of each overdue instalment in the plan and what is open of it.
    """
    places = [place for place, cents in overdue if cents > 0]
    return NoticeFinding(
        consecutive=_longest_run(sorted(places)),
        overdue_cents=sum(cents for _, cents in overdue),
        least_cents=least_overdue_cents(nominal_cents, term_months),
    )


def _longest_run(places: Sequence[int]) -> int:
    longest, run = 0, 0
    for index, place in enumerate(places):
        run = run + 1 if index and place == places[index - 1] + 1 else 1
        longest = max(longest, run)
    return longest


def notice_until(sent_on: date) -> date:
    """Return the last day of the two weeks that a final notice sent on `sent_on` gives."""
    return sent_on + timedelta(days=POST_DAYS + NOTICE_DAYS)
