"""How much of the free income debt service takes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.affordability import (
    Household,
    affordability,
    minimum_living_cents,
)

EUROS = st.integers(0, 20_000).map(lambda euros: euros * 100)
SINGLE = Household(
    income_cents=2_500_00, housing_cents=800_00, living_cents=700_00, instalments_cents=100_00
)


def test_all_debt_service_counts_against_what_costs_leave() -> None:
    weighed = affordability(SINGLE, 313_37)
    assert weighed.free_income_cents == 1_000_00
    assert weighed.debt_service_cents == 413_37
    assert weighed.left_over_cents == 586_63
    assert weighed.ratio == Decimal("0.4134")
    assert weighed.mark == 3


def test_stress_takes_a_tenth_of_income_and_adds_a_tenth_of_costs() -> None:
    weighed = affordability(SINGLE, 200_00)
    assert weighed.stressed_ratio == Decimal("0.5000")  # 300 of 2,250 - 1,650
    assert weighed.stressed_left_over_cents == 300_00


@pytest.mark.parametrize(
    ("service_cents", "mark"),
    [
        (0, 1),
        (200_00, 1),
        (200_01, 2),
        (400_00, 2),
        (400_01, 3),
        (500_00, 3),
        (500_01, 4),
        (600_00, 4),
        (600_01, 5),
        (670_00, 5),
        (670_01, None),
    ],
)
def test_marks_end_at_their_limits_to_the_cent(service_cents: int, mark: int | None) -> None:
    household = SINGLE._replace(instalments_cents=0)
    assert affordability(household, service_cents).mark == mark


def test_without_free_income_there_is_no_mark() -> None:
    weighed = affordability(SINGLE._replace(income_cents=1_500_00), 10_00)
    assert (weighed.ratio, weighed.mark) == (None, None)
    weighed = affordability(SINGLE._replace(income_cents=1_600_00), 10_00)
    assert weighed.ratio == Decimal("1.1000")
    assert (weighed.stressed_ratio, weighed.mark) == (None, None)


def test_a_ratio_beyond_measure_is_cut() -> None:
    household = SINGLE._replace(income_cents=1_500_01)
    assert affordability(household, 5_000_00).ratio == Decimal("99.9999")


def test_living_costs_count_at_least_the_minimum_by_head() -> None:
    assert [minimum_living_cents(people) for people in (1, 2, 3, 4)] == [
        563_00,
        1_069_00,
        1_459_00,
        1_849_00,
    ]
    thrifty = SINGLE._replace(living_cents=100_00, people=3)
    assert affordability(thrifty, 0).free_income_cents == 2_500_00 - 800_00 - 1_459_00


@given(
    income=EUROS, housing=EUROS, living=EUROS, running=EUROS, new=EUROS, people=st.integers(1, 9)
)
def test_a_dearer_loan_never_looks_lighter(
    income: int, housing: int, living: int, running: int, new: int, people: int
) -> None:
    household = Household(income, housing, living, running, people)
    lighter, dearer = affordability(household, new), affordability(household, new + 1_00)
    assert (lighter.mark or 6) <= (dearer.mark or 6)
    assert (lighter.mark is None) == (
        lighter.free_income_cents <= 0
        or lighter.debt_service_cents * 100 > 67 * lighter.free_income_cents
    )
    assert lighter.stressed_left_over_cents <= lighter.left_over_cents


@pytest.mark.parametrize(
    ("household", "instalment_cents"),
    [(SINGLE._replace(people=0), 1), (SINGLE._replace(income_cents=-1), 1), (SINGLE, -1)],
)
def test_what_is_no_household_is_refused(household: Household, instalment_cents: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        affordability(household, instalment_cents)
