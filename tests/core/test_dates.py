"""Months from an anchor, and days on which euro payments settle."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import (
    add_months,
    business_days_before,
    is_target_day,
    month_range,
    target_day_on_or_after,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def test_months_step_from_the_anchor() -> None:
    anchor = date(2026, 1, 31)
    steps = [add_months(anchor, months) for months in range(4)]
    assert steps == [anchor, date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)
    assert add_months(date(2026, 1, 15), -1) == date(2025, 12, 15)


@given(day=DAYS, months=st.integers(-600, 600))
def test_a_month_step_lands_in_the_month_it_names(day: date, months: int) -> None:
    landed = add_months(day, months)
    assert (landed.year - day.year) * 12 + landed.month - day.month == months
    assert landed.day == day.day or landed == month_range(landed)[1]


@given(day=DAYS)
def test_a_month_ranges_from_its_first_to_its_last_day(day: date) -> None:
    first, last = month_range(day)
    assert first <= day <= last
    assert first.day == 1
    assert (last + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    "closed",
    [
        date(2026, 1, 1),
        date(2026, 4, 3),  # Good Friday
        date(2026, 4, 6),  # Easter Monday
        date(2026, 5, 1),
        date(2026, 12, 25),
        date(2026, 12, 26),
        date(2026, 11, 21),  # a Saturday
    ],
)
def test_target_rests_on_its_holidays_and_weekends(closed: date) -> None:
    assert not is_target_day(closed)


def test_national_holidays_are_target_days() -> None:
    assert is_target_day(date(2025, 10, 3))
    assert is_target_day(date(2026, 5, 14))


def test_the_next_target_day_skips_easter() -> None:
    assert target_day_on_or_after(date(2026, 4, 3)) == date(2026, 4, 7)
    assert target_day_on_or_after(date(2026, 4, 2)) == date(2026, 4, 2)


def test_business_days_count_back_over_easter() -> None:
    assert business_days_before(date(2026, 4, 7), 1) == date(2026, 4, 2)
    assert business_days_before(date(2026, 4, 8), 2) == date(2026, 4, 2)
    assert business_days_before(date(2026, 4, 8), 0) == date(2026, 4, 8)
    with pytest.raises(ValueError, match="negative"):
        business_days_before(date(2026, 4, 8), -1)


@given(day=DAYS)
def test_the_next_target_day_is_open_and_near(day: date) -> None:
    settles = target_day_on_or_after(day)
    assert is_target_day(settles)
    assert timedelta(0) <= settles - day <= timedelta(days=5)
