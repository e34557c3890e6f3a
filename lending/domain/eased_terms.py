"""Plans on easier terms, and what a change of plan means to those who lent the money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.money import to_cents
from lending.domain.amortization import FirstPeriod, level_schedule
from lending.domain.breaks import Collect, PlanPart, with_deferred
from lending.domain.returns import xirr


def eased_plan(
    principal_cents: int,
    annual_rate: Decimal,
    months: int,
    first_due_on: date,
    *,
    deferred_cents: int = 0,
    paid_ahead_cents: int = 0,
    collect: Collect = "spread",
    first_period: FirstPeriod = "equal",
    since: date | None = None,
    first_number: int = 1,
) -> list[PlanPart]:
    """Plan what is outstanding in equal payments on new terms, unpaid interest set apart.

    Interest that fell due and was not paid becomes deferred: it bears none and is collected as
    `collect` says.

    Args:
        since: from this day on the plan bears interest; None is a month before `first_due_on`.
        paid_ahead_cents: interest of the first period that was already paid.
    Raises:
        ValueError: as `level_schedule`.
    """
    level = level_schedule(
        principal_cents,
        annual_rate,
        months,
        first_due_on,
        disbursed_on=since,
        first_period=first_period,
    )
    parts = [PlanPart(first_number + place, *row[1:]) for place, row in enumerate(level)]
    first = parts[0]
    left_cents = max(first.interest_cents - paid_ahead_cents, 0)
    parts[0] = first._replace(interest_cents=left_cents)
    return with_deferred(parts, deferred_cents, collect)


def own_part(amounts_cents: Sequence[int], own_cents: int, whole_cents: int) -> list[int]:
    """Return one holder's part of a row of amounts, by `own_cents` of `whole_cents`.

    Each part is what the running total is worth to the holder so far, less what went before, so
    that the parts add up to the holder's part of the sum, cut to the cent.
    """
    parts: list[int] = []
    running = before = 0
    for cents in amounts_cents:
        running += cents
        so_far = running * own_cents // whole_cents
        parts.append(so_far - before)
        before = so_far
    return parts


def planned_return(
    lent: Sequence[tuple[date, int]], parts: Sequence[PlanPart], fee_rate: Decimal
) -> Decimal | None:
    """Return what lenders earn a year, fees taken off, if all is paid as planned from here on.

    Args:
        lent: what flowed so far: out (negative) when the loan was paid out, in (positive) since,
            net of fees.
    Returns:
        The money-weighted return with five decimals, or None where no rate fits.
    """
    planned = [
        (part.due_on, part.total_cents - to_cents(part.total_cents * fee_rate))
        for part in parts
        if part.total_cents
    ]
    rate = xirr([*lent, *planned])
    return None if rate is None else Decimal(repr(rate)).quantize(Decimal("0.00001"))
