"""The annual percentage rate and its time axis."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import add_months
from lending.domain.amortization import level_schedule
from lending.domain.apr import apr, apr_percent, years_between

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def loan_apr(months: int, paid_out_cents: int, principal_cents: int = 1_000_000) -> Decimal:
    plan = level_schedule(principal_cents, Decimal("0.08"), months, date(2026, 3, 1))
    return apr_percent(
        apr(
            [(0, paid_out_cents)],
            [(Fraction(part.number, 12), part.total_cents) for part in plan],
        )
    )


def test_ten_thousand_at_eight_per_cent_without_and_with_a_fee() -> None:
    assert loan_apr(36, 1_000_000) == Decimal("8.30")
    assert loan_apr(36, 975_000) == Decimal("10.17")
    assert loan_apr(36, 1_000_000, 1_025_000) == Decimal("10.13")
    assert loan_apr(60, 975_000) == Decimal("9.47")
    assert loan_apr(60, 1_000_000, 1_025_000) == Decimal("9.44")


@pytest.mark.parametrize(
    ("drawn", "repaid", "percent"),
    [
        (1_000, [(Fraction(546, 365), 1_200)], "12.96"),
        (950, [(Fraction(546, 365), 1_200)], "16.90"),
        (1_000, [(1, 600), (2, 600)], "13.07"),
        (1_000, [(0.25, 272), (Decimal("0.5"), 272), (1, 544)], "13.19"),
    ],
)
def test_the_examples_of_directive_87_102(
    drawn: int, repaid: list[tuple[float, int]], percent: str
) -> None:
    assert apr_percent(apr([(0, drawn)], repaid)) == Decimal(percent)


def test_rates_are_exact_far_beyond_what_is_shown() -> None:
    assert apr([(0, 100)], [(2, 121)]) == Decimal("0.1")
    assert apr([(0, 1_000)], [(1, 1_000)]) == 0
    assert not apr([(0, 1_000)], [(1, 1_000)]).is_signed()
    assert apr([(0, 1_000)], [(1, 100)]) == Decimal("-0.9")


def test_short_expensive_loans_are_solved() -> None:
    rate = apr([(0, 1_000)], [(Fraction(7, 365), 1_200)])
    assert rate == pytest.approx(Decimal("1.2") ** (Decimal(365) / 7) - 1)
    assert apr([(0, 100)], [(Fraction(1, 365), 105)]) == pytest.approx(Decimal("1.05") ** 365 - 1)


def test_of_two_rates_the_positive_one_nearest_zero_counts() -> None:
    """-100 + 230 v - 132 v**2 is nothing at 10 % and at 20 %."""
    assert apr([(0, 230)], [(-1, 100), (1, 132)]) == pytest.approx(Decimal("0.1"))


@given(
    share_drawn=st.floats(0.3, 1.2),
    payments=st.lists(st.integers(1, 5_000_00), min_size=1, max_size=84),
)
def test_the_rate_makes_both_sides_worth_the_same(share_drawn: float, payments: list[int]) -> None:
    drawn = max(1, round(share_drawn * sum(payments)))
    rate = apr([(0, drawn)], [(Fraction(n, 12), paid) for n, paid in enumerate(payments, 1)])
    value = sum(
        paid * (1 + rate) ** (-Decimal(number) / 12) for number, paid in enumerate(payments, 1)
    )
    assert abs(value - drawn) < Decimal("0.0001")


@pytest.mark.parametrize(
    ("drawn", "repaid"), [([], [(1, 100)]), ([(0, 100)], []), ([(0, 100)], [(0, 100)])]
)
def test_flows_that_have_no_rate_are_refused(
    drawn: list[tuple[int, int]], repaid: list[tuple[int, int]]
) -> None:
    with pytest.raises(ValueError, match="no annual percentage rate"):
        apr(drawn, repaid)


def test_the_shown_rate_rounds_half_up() -> None:
    assert apr_percent(Decimal("0.0643441")) == Decimal("6.43")
    assert apr_percent(Decimal("0.06435")) == Decimal("6.44")


@pytest.mark.parametrize(
    ("start", "end", "rhythm", "years"),
    [
        (date(2026, 1, 15), date(2026, 4, 15), "month", Fraction(3, 12)),
        (date(2026, 1, 12), date(2026, 4, 15), "month", Fraction(3, 12) + Fraction(3, 365)),
        (date(2024, 2, 20), date(2024, 4, 1), "month", Fraction(1, 12) + Fraction(10, 366)),
        (date(2026, 1, 31), date(2026, 2, 28), "month", Fraction(1, 12)),
        (date(2026, 2, 28), date(2026, 3, 31), "month", Fraction(1, 12)),
        (date(2026, 1, 1), date(2026, 1, 15), "week", Fraction(2, 52)),
        (date(2026, 1, 1), date(2026, 1, 18), "week", Fraction(2, 52) + Fraction(3, 365)),
        (date(2026, 1, 1), date(2028, 1, 1), "year", Fraction(2)),
        (date(2026, 1, 1), date(2027, 1, 11), "year", Fraction(1) + Fraction(10, 365)),
        (date(2026, 1, 1), date(2026, 8, 1), "quarter", Fraction(6, 12) + Fraction(31, 365)),
        (date(2026, 5, 1), date(2026, 5, 1), "month", Fraction(0)),
        (date(2026, 2, 1), date(2026, 1, 1), "month", Fraction(-1, 12)),
    ],
)
def test_years_count_whole_periods_back_from_the_payment(
    start: date, end: date, rhythm: str, years: Fraction
) -> None:
    assert years_between(start, end, rhythm=rhythm) == years


def test_an_unknown_rhythm_is_refused() -> None:
    with pytest.raises(ValueError, match="rhythm"):
        years_between(date(2026, 1, 1), date(2026, 2, 2), rhythm="moon")


@given(start=DAYS, months=st.integers(0, 480))
def test_whole_months_are_twelfths(start: date, months: int) -> None:
    assert years_between(start, add_months(start, months)) == Fraction(months, 12)


@given(start=DAYS, days=st.integers(0, 8_000), rhythm=st.sampled_from(["week", "month", "year"]))
def test_years_stay_near_the_calendar(start: date, days: int, rhythm: str) -> None:
    years = years_between(start, start + timedelta(days=days), rhythm=rhythm)
    assert float(years) == pytest.approx(days / 365.25, abs=0.02 + days * 1e-5)
