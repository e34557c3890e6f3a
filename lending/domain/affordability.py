"""Can this person carry the instalment? The share of free income that all debt service takes."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final, NamedTuple

FIRST_PERSON_CENTS: Final = 563_00
SECOND_PERSON_CENTS: Final = 506_00
FURTHER_PERSON_CENTS: Final = 390_00
"""Least cost of living a month without housing, by head: the standard needs of German basic
income support in 2025 and 2026 (single adult, partner, child of 6 to 13)."""

MARK_LIMITS: Final = (20, 40, 50, 60, 67)
"""Highest share of free income, in per cent, for the marks 1 to 5; above the last none is given."""

STRESS_INCOME: Final = Fraction(90, 100)
STRESS_COSTS: Final = Fraction(110, 100)
_HIGHEST_RATIO: Final = Decimal("99.9999")


class Household(NamedTuple):
    """Income and outgoings of a month, as declared."""

    income_cents: int
    housing_cents: int
    """Rent or mortgage, with heating."""
    living_cents: int
    instalments_cents: int
    """Instalments of loans and leases that run on."""
    people: int = 1


class Affordability(NamedTuple):
    """What is free in a month, and how much of it debt service takes."""

    free_income_cents: int
    """Income less living costs and housing, before any instalment."""
    debt_service_cents: int
    left_over_cents: int
    ratio: Decimal | None
    """Debt service over free income, four decimals, at most 99.9999; None when nothing is free."""
    mark: int | None
    """1 (light) to 5 (just affordable); None when the loan must be declined."""
    stressed_left_over_cents: int
    stressed_ratio: Decimal | None
    """The same with 10 % less income and 10 % higher costs; shown to reviewers, no gate."""


def affordability(household: Household, instalment_cents: int) -> Affordability:
    """Weigh a new instalment against a household's free income.

    Living costs count as declared, but never below the minimum for the number of people.
    """
    if min(household) < 0 or household.people < 1 or instalment_cents < 0:
        raise ValueError("amounts must not be negative, and a household has a person")
    living_cents = max(household.living_cents, minimum_living_cents(household.people))
    costs_cents = living_cents + household.housing_cents
    service_cents = household.instalments_cents + instalment_cents
    free = Fraction(household.income_cents - costs_cents)
    stressed = household.income_cents * STRESS_INCOME - costs_cents * STRESS_COSTS
    return Affordability(
        free_income_cents=int(free),
        debt_service_cents=service_cents,
        left_over_cents=int(free) - service_cents,
        ratio=_ratio(service_cents, free),
        mark=_mark(service_cents, free),
        stressed_left_over_cents=round(stressed) - service_cents,
        stressed_ratio=_ratio(service_cents, stressed),
    )


def minimum_living_cents(people: int) -> int:
    """Return the least that a household of this size needs a month, housing apart."""
    further = max(people - 2, 0) * FURTHER_PERSON_CENTS
    return FIRST_PERSON_CENTS + (SECOND_PERSON_CENTS if people > 1 else 0) + further


def _mark(service_cents: int, free: Fraction) -> int | None:
    """Compare exactly: 60 % and a cent is mark 5, 67 % and a cent none."""
    if free <= 0:
        return None
    marks = enumerate(MARK_LIMITS, start=1)
    return next((mark for mark, limit in marks if service_cents * 100 <= limit * free), None)


def _ratio(service_cents: int, free: Fraction) -> Decimal | None:
    if free <= 0:
        return None
    ratio = Decimal(service_cents * free.denominator) / free.numerator
    return min(ratio, _HIGHEST_RATIO).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
