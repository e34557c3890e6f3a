"""Default rates by windows and by age, against figures counted by hand."""

from datetime import date, timedelta
from decimal import Decimal
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.default_rates import (
    Life,
    Window,
    default_rate,
    likely_defaults,
    months_between,
    vintage_curve,
    windows_until,
)

ON = date(2026, 6, 30)


def test_windows_go_back_from_the_day_and_never_before_the_first_loan() -> None:
    year = Window(date(2025, 7, 1), date(2026, 6, 30))
    before = Window(date(2024, 7, 1), date(2025, 6, 30))
    assert windows_until(ON, date(2020, 1, 1)) == [
        Window(date(2023, 7, 1), date(2024, 6, 30)),
        before,
        year,
    ]
    assert windows_until(ON, date(2024, 7, 1)) == [before, year]
    assert windows_until(ON, date(2024, 7, 2)) == [year]
    assert windows_until(ON, date(2025, 7, 2)) == []


def test_a_rate_is_what_failed_over_what_ran_in_order_at_the_start() -> None:
    window = Window(date(2025, 7, 1), date(2026, 6, 30))
    lives = [
        Life(date(2025, 1, 10)),  # runs on
        Life(date(2025, 1, 10), defaulted_on=date(2025, 7, 1)),  # fails on the first day
        Life(date(2025, 1, 10), defaulted_on=date(2026, 6, 30)),  # and on the last
        Life(date(2025, 1, 10), defaulted_on=date(2026, 7, 1)),  # after it
        Life(date(2025, 1, 10), closed_on=date(2025, 12, 1)),  # repaid inside
        Life(date(2024, 1, 10), closed_on=date(2025, 6, 30)),  # repaid before
        Life(date(2024, 1, 10), defaulted_on=date(2025, 6, 30)),  # failed before
        Life(date(2025, 7, 1), defaulted_on=date(2026, 1, 1)),  # paid out inside
    ]
    found = default_rate(lives, [window])
    assert (found.defaulted, found.at_start) == (2, 5)
    assert found.mean == Decimal("0.4")


def test_the_mean_over_windows_is_simple_and_leaves_out_empty_ones() -> None:
    windows = windows_until(ON, date(2020, 1, 1))
    one = [Life(date(2025, 1, 1), defaulted_on=date(2026, 1, 1))]
    many = [Life(date(2023, 8, 1)) for _ in range(3)]
    found = default_rate([*one, *many], windows)
    assert [(rate.defaulted, rate.at_start) for rate in found.windows] == [(0, 0), (0, 3), (1, 4)]
    assert found.mean == Decimal("0.125")
    assert default_rate([], windows).mean is None
    assert default_rate([*one, *many], []).mean is None


def test_a_vintage_ends_with_the_age_that_all_its_loans_have_reached() -> None:
    lives = [
        Life(date(2026, 1, 5), defaulted_on=date(2026, 5, 20)),  # in month 4
        Life(date(2026, 2, 5)),
        Life(date(2026, 3, 5)),
        Life(date(2026, 3, 31), defaulted_on=date(2026, 7, 15)),  # not yet
    ]
    assert vintage_curve(lives, date(2026, 6, 30)) == [Decimal(0)] * 3
    quarter = Decimal("0.25")
    assert vintage_curve(lives, date(2026, 8, 31)) == [0, 0, 0, quarter, 2 * quarter]
    assert vintage_curve([], ON) == []


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 15), date(2027, 1, 14), 11),
        (date(2026, 1, 15), date(2027, 1, 15), 12),
    ],
)
def test_age_is_counted_in_whole_months(start: date, end: date, months: int) -> None:
    assert months_between(start, end) == months


def test_the_likely_number_of_defaults_is_that_of_the_binomial_distribution() -> None:
    assert likely_defaults(100, Decimal("0.05")) == (1, 10)
    assert likely_defaults(40, Decimal("0.029")) == (0, 4)
    assert likely_defaults(0, Decimal("0.05")) == (0, 0)
    assert likely_defaults(10, Decimal(1)) == (10, 10)
    low, high = likely_defaults(20_000, Decimal("0.04"))
    assert (low, high) == pytest.approx((800 - 54, 800 + 54), abs=2)


@given(loans=st.integers(1, 120), percent=st.integers(1, 60))
def test_the_range_holds_95_of_100_cases_and_no_shorter_end_does(loans: int, percent: int) -> None:
    chance = percent / 100
    low, high = likely_defaults(loans, Decimal(percent) / 100)

    def up_to(count: int) -> float:
        return sum(
            comb(loans, each) * chance**each * (1 - chance) ** (loans - each)
            for each in range(count + 1)
        )

    assert up_to(low - 1) <= 0.025 + 1e-9
    assert up_to(low) > 0.025 - 1e-9
    assert up_to(high) >= 0.975 - 1e-9
    assert up_to(high - 1) < 0.975 + 1e-9


@given(
    ages=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900) | st.none()), max_size=30),
)
def test_curves_never_fall_and_rates_are_shares(ages: list[tuple[int, int | None]]) -> None:
    lives = [
        Life(
            begun := ON - timedelta(days=age),
            defaulted_on=None if failed is None else begun + timedelta(days=failed),
        )
        for age, failed in ages
    ]
    curve = vintage_curve(lives, ON)
    assert curve == sorted(curve)
    assert all(0 <= share <= 1 for share in curve)
    for each in default_rate(lives, windows_until(ON, date(2023, 1, 1))).windows:
        assert 0 <= each.defaulted <= each.at_start <= len(lives)
