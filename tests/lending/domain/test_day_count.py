"""Years between dates, by each convention."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import to_cents
from lending.domain.day_count import DAY_COUNTS, DayCount, year_fraction

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
TABLE = [
    (date(2026, 1, 31), date(2026, 2, 28), (66_67, 62_22, 61_37, 62_22, 61_37)),
    (date(2026, 2, 28), date(2026, 3, 31), (66_67, 71_11, 67_95, 68_89, 67_95)),
    (date(2026, 1, 15), date(2026, 7, 15), (400_00, 400_00, 396_71, 402_22, 396_71)),
    (date(2023, 12, 10), date(2024, 3, 5), (188_89, 188_89, 188_49, 191_11, 188_11)),
]


@pytest.mark.parametrize(("start", "end", "interest_cents"), TABLE)
def test_interest_on_ten_thousand_at_eight_per_cent(
    start: date, end: date, interest_cents: tuple[int, ...]
) -> None:
    fractions = [year_fraction(start, end, name) for name in DAY_COUNTS]
    interest = [to_cents(Decimal(80_000) * one.numerator / one.denominator) for one in fractions]
    assert tuple(interest) == interest_cents


@pytest.mark.parametrize("name", DAY_COUNTS)
def test_a_common_year_is_one_year(name: DayCount) -> None:
    expected = Fraction(365, 360) if name == "actual_360" else 1
    assert year_fraction(date(2026, 1, 15), date(2027, 1, 15), name) == expected


@given(days=st.lists(DAYS, min_size=3, max_size=3), name=st.sampled_from(DAY_COUNTS))
def test_spans_that_meet_add_up(days: list[date], name: DayCount) -> None:
    start, middle, end = sorted(days)
    first, second = year_fraction(start, middle, name), year_fraction(middle, end, name)
    assert first + second == year_fraction(start, end, name)


def test_the_end_must_not_lie_before_the_start() -> None:
    with pytest.raises(ValueError, match="before"):
        year_fraction(date(2026, 1, 2), date(2026, 1, 1), "actual_365")


def test_an_unknown_convention_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        year_fraction(date(2026, 1, 1), date(2026, 1, 2), "31_365")  # type: ignore[arg-type]
