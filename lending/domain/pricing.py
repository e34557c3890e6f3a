"""What a loan must cost: rates from expected losses, and expected returns from rates.

Defaults strike month by month at a constant hazard; a loan in default pays a share of
its balance once, months later. The outcome is an estimate for many loans of a grade,
never a promise for one: floats are precise enough until a rate is quoted in steps.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final, NamedTuple

from lending.domain.discounting import log_roots
from lending.domain.grades import GRADE_BANDS

RATE_STEP: Final = Decimal("0.0005")
HIGHEST_RATE: Final = Decimal("0.18")
"""Own guard against usury; a lawyer sets it before launch."""
LOSS_GIVEN_DEFAULT: Final = Decimal("0.75")
LENDER_FEE_RATE: Final = Decimal("0.01")
RECOVERY_MONTHS: Final = 6
FLOOR_MARGIN: Final = Decimal("0.005")
TARGET_RETURN: Final = Decimal("0.04")
"""Expected yearly net return to lenders at the posted rate of a loan over three years."""
TERM_PREMIUM: Final = Decimal("0.002")
"""Added to the target for each further year of term, taken off for each year less."""
ROOM_ABOVE_POSTED: Final = Decimal("0.03")
_MAX_SOLVED_RATE: Final = 10.0


class PriceBand(NamedTuple):
    """Nominal yearly rates: the lowest that is listed, the usual one, the highest."""

    floor: Decimal
    posted: Decimal
    ceiling: Decimal


class Assumptions(NamedTuple):
    """What the cash-flow model takes for granted besides rate, term and probability."""

    loss_given_default: Decimal = LOSS_GIVEN_DEFAULT
    payment_fee_rate: Decimal = LENDER_FEE_RATE
    upfront_fee_rate: Decimal = Decimal(0)


USUAL: Final = Assumptions()


@cache
def price(grade: str, months: int, pd: Decimal | None = None) -> PriceBand:
    """Return the price band of a grade and term, in steps of 0.05 points.

    The floor is the break-even rate plus a margin; the posted rate gives lenders the
    target return in expectation, as far as the guard against usury allows; the borrower
    may raise it up to the ceiling.

    Args:
        pd: probability of default within a year where it is not the grade's typical one.
    Raises:
        KeyError: there is no such grade.
    """
    chance = GRADE_BANDS[grade].typical_pd if pd is None else pd
    target = TARGET_RETURN + TERM_PREMIUM * (Decimal(months) / 12 - 3)
    floor = _in_steps(break_even_rate(months, chance) + FLOOR_MARGIN, ROUND_CEILING)
    wanted = _in_steps(break_even_rate(months, chance, net_return=target), ROUND_HALF_UP)
    posted = max(min(wanted, HIGHEST_RATE), floor)
    ceiling = max(min(posted + ROOM_ABOVE_POSTED, HIGHEST_RATE), posted)
    return PriceBand(floor, posted, _in_steps(ceiling, ROUND_FLOOR))


def break_even_rate(
    months: int,
    pd: Decimal,
    *,
    net_return: Decimal = Decimal(0),
    assumptions: Assumptions = USUAL,
) -> Decimal:
    """Return the nominal rate at which lenders earn `net_return` a year in expectation.

    With the default of 0 they get back what they lent and no more.
    """
    growth = math.log1p(float(net_return))

    def gain(rate: float) -> float:
        flows = _expected_flows(rate, months, pd, assumptions)
        return math.fsum(amount * math.exp(-growth * years) for years, amount in flows)

    low, high = 0.0, _MAX_SOLVED_RATE
    if gain(low) >= 0:
        return Decimal(0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) < 0 else (low, middle)
    return Decimal(repr(high)).quantize(Decimal("1e-8"))


def expected_net_return(
    annual_rate: Decimal, months: int, pd: Decimal, *, assumptions: Assumptions = USUAL
) -> Decimal:
    """Return the expected yearly return after losses and fees, effective, as a fraction."""
    flows = _expected_flows(float(annual_rate), months, pd, assumptions)
    root = min(log_roots(flows, -20.0, 20.0), key=abs)
    return Decimal(repr(math.expm1(root))).quantize(Decimal("1e-6"))


def _expected_flows(
    rate: float, months: int, pd: Decimal, assumptions: Assumptions
) -> list[tuple[float, float]]:
    """Return what one unit lent brings on average, by years since payout."""
    hazard = 1 - (1 - float(pd)) ** (1 / 12)
    kept = 1 - float(assumptions.payment_fee_rate)
    recovered = kept * (1 - float(assumptions.loss_given_default))
    monthly = rate / 12
    payment = monthly / -math.expm1(-months * math.log1p(monthly)) if rate else 1 / months
    flows = [0.0] * (months + RECOVERY_MONTHS + 1)
    flows[0] = -1 - float(assumptions.upfront_fee_rate)
    alive, balance = 1.0, 1.0
    for month in range(1, months + 1):
        failing = alive * hazard
        alive -= failing
        flows[month] += alive * payment * kept
        flows[month + RECOVERY_MONTHS] += failing * balance * recovered
        balance -= payment - balance * monthly
    return [(month / 12, amount) for month, amount in enumerate(flows) if amount]


def _in_steps(rate: Decimal, rounding: str) -> Decimal:
    return (rate / RATE_STEP).to_integral_value(rounding) * RATE_STEP
