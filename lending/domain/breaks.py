"""Payment breaks: months without a payment, and interest that waits without bearing any itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from core.dates import add_months
from core.money import split_cents, to_cents
from lending.domain.day_count import DayCount, year_fraction

Collect = Literal["spread", "end"]
"""How deferred interest is paid: in equal parts with the later instalments, or with the last."""

_PRECISE: Final = Context(prec=50)


class PlanPart(NamedTuple):
    """What is open of one planned payment; `interest_cents` includes what was deferred."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    deferred_cents: int = 0

    @property
    def total_cents(self) -> int:
        """What the borrower pays on that day."""
        return self.principal_cents + self.interest_cents


class PlannedBreak(NamedTuple):
    """A plan with a break in it.

    Attributes:
        parts: the new plan, in order of its due dates.
        cost_cents: the interest of the break, all of it deferred.
        starts_on, resumes_on: the first payment that falls away, and the first one after it.
    """

    parts: list[PlanPart]
    cost_cents: int
    starts_on: date
    resumes_on: date


def planned_break(
    parts: Sequence[PlanPart],
    annual_rate: Decimal,
    skipped: Collection[int],
    collect: Collect,
    *,
    day_count: DayCount = "german_30_360",
) -> PlannedBreak:
    """Plan a loan anew so that nothing is paid in the months of some of its instalments.

    What would have been paid then is paid in the next month that is not skipped, and all that
    follows moves along, so the term grows by as many months. Principal parts stay as they are. The
    longer use of the principal bears simple interest by `day_count`; that interest is deferred: it
    bears none itself and is collected as `collect` says, the last payment taking the rest.

    Args:
        parts: the open plan in order, one payment a month at most.
        skipped: numbers of instalments in whose months nothing is to be paid.
    Raises:
        ValueError: no instalment is skipped, or one that is not in the plan.
    Source:
        docs/figures.md, "Payment break".
    """
    numbers = [part.number for part in parts]
    if not skipped or not set(skipped) <= set(numbers):
        raise ValueError("the skipped instalments must be some of the plan")
    kept = [part.due_on for part in parts if part.number not in skipped]
    added = [add_months(parts[-1].due_on, month + 1) for month in range(len(set(skipped)))]
    moved = [
        part._replace(due_on=due_on) for part, due_on in zip(parts, [*kept, *added], strict=True)
    ]
    since = add_months(parts[0].due_on, -1)
    before, after = (
        interest_borne(plan, annual_rate, since, day_count=day_count) for plan in (parts, moved)
    )
    first = min(numbers.index(number) for number in skipped)
    return PlannedBreak(
        parts=[*moved[:first], *with_deferred(moved[first:], after - before, collect)],
        cost_cents=after - before,
        starts_on=parts[first].due_on,
        resumes_on=moved[first].due_on,
    )


def with_deferred(parts: Sequence[PlanPart], cents: int, collect: Collect) -> list[PlanPart]:
    """Add deferred interest to payments: to all of them by largest remainder, or to the last."""
    count = len(parts)
    shares = split_cents(cents, [1] * count if collect == "spread" else [0] * (count - 1) + [1])
    return [
        part._replace(
            interest_cents=part.interest_cents + share, deferred_cents=part.deferred_cents + share
        )
        for part, share in zip(parts, shares, strict=True)
    ]


def interest_borne(
    parts: Sequence[PlanPart],
    annual_rate: Decimal,
    since: date,
    *,
    day_count: DayCount = "german_30_360",
) -> int:
    """Return the interest that the principal of a plan bears from `since` on, month by month.

    Each month's interest is rounded half up, whether or not something is paid at its end. Interest
    bears none.
    """
    balance_cents = sum(part.principal_cents for part in parts)
    total_cents, start = 0, since
    with localcontext(_PRECISE):
        for part in parts:
            for years in _months(start, part.due_on, day_count):
                share = Fraction(annual_rate) * years
                exact = Decimal(balance_cents * share.numerator) / share.denominator
                total_cents += to_cents(exact)
            balance_cents -= part.principal_cents
            start = part.due_on
    return total_cents


def _months(start: date, end: date, day_count: DayCount) -> Iterator[Fraction]:
    """The years in each month from one due date to another; 1/12 under German 30/360."""
    count = (end.year - start.year) * 12 + end.month - start.month
    for month in range(count):
        if day_count == "german_30_360":
            yield Fraction(1, 12)
        else:
            first, last = add_months(start, month), add_months(start, month + 1)
            yield year_fraction(first, last, day_count)


def most_in_a_year(months: Collection[date]) -> int:
    """Return how many of these months fall into the fullest twelve months in a row."""
    return max(
        (sum(first <= month < add_months(first, 12) for month in months) for first in months),
        default=0,
    )
