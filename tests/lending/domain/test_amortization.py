"""Plans of equal payments, to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import add_months
from core.money import to_cents
from lending.domain.amortization import level_schedule
from lending.domain.day_count import DAY_COUNTS, DayCount, year_fraction

FIRST_DUE = date(2026, 3, 1)
RATES = st.integers(0, 6_000).map(lambda points: Decimal(points) / 10_000)
MONTHS = st.integers(1, 120)
DUE_DATES = st.dates(date(2024, 1, 1), date(2029, 12, 31))
STUBS = st.none() | st.integers(1, 120).map(lambda days: timedelta(days=days))


def plan_totals(principal_cents: int, rate: str, months: int, **options: object) -> list[int]:
    plan = level_schedule(
        principal_cents,
        Decimal(rate),
        months,
        FIRST_DUE,
        **options,  # type: ignore[arg-type]
    )
    return [part.total_cents for part in plan]


def test_ten_thousand_at_eight_per_cent_over_three_years() -> None:
    plan = level_schedule(1_000_000, Decimal("0.08"), 36, FIRST_DUE)
    assert [part.total_cents for part in plan] == [313_37] * 35 + [313_10]
    assert sum(part.interest_cents for part in plan) == 1_281_05
    assert plan[0].interest_cents == 66_67
    assert plan[35].due_on == date(2029, 2, 1)


@pytest.mark.parametrize("rounding", ["half_up", "half_even"])
def test_commercial_rounding_leaves_a_higher_last_instalment(rounding: str) -> None:
    totals = plan_totals(1_000_000, "0.08", 36, instalment_rounding=rounding)
    assert totals == [313_36] * 35 + [313_53]
    totals = plan_totals(1_000_000, "0.08", 60, instalment_rounding=rounding)
    assert totals == [202_76] * 59 + [203_08]


def test_sixty_months_round_up() -> None:
    assert plan_totals(1_000_000, "0.08", 60) == [202_77] * 59 + [202_36]


def test_without_interest_the_principal_is_divided() -> None:
    assert plan_totals(1_200_00, "0", 12) == [100_00] * 12
    assert plan_totals(1_000_00, "0", 12) == [83_34] * 11 + [83_26]


def test_one_month_pays_all_with_its_interest() -> None:
    assert plan_totals(1_000_00, "0.12", 1) == [1_010_00]


def test_fewer_cents_than_months_end_early() -> None:
    assert plan_totals(3, "0", 5) == [1, 1, 1, 0, 0]


def test_half_cents_of_interest_round_as_asked() -> None:
    half_up = level_schedule(1_050, Decimal("0.12"), 2, FIRST_DUE)
    half_even = level_schedule(1_050, Decimal("0.12"), 2, FIRST_DUE, interest_rounding="half_even")
    assert (half_up[0].interest_cents, half_even[0].interest_cents) == (11, 10)


@given(
    principal_cents=st.integers(1, 10**9),
    rate=RATES,
    months=MONTHS,
    first_due_on=DUE_DATES,
    stub=STUBS,
    day_count=st.sampled_from(DAY_COUNTS),
    instalment_rounding=st.sampled_from(["up", "half_up", "half_even"]),
    interest_rounding=st.sampled_from(["half_up", "half_even"]),
)
def test_every_plan_repays_every_cent(
    principal_cents: int,
    rate: Decimal,
    months: int,
    first_due_on: date,
    stub: timedelta | None,
    day_count: DayCount,
    instalment_rounding: str,
    interest_rounding: str,
) -> None:
    disbursed_on = stub and first_due_on - stub
    plan = level_schedule(
        principal_cents,
        rate,
        months,
        first_due_on,
        disbursed_on=disbursed_on,
        day_count=day_count,
        instalment_rounding=instalment_rounding,  # type: ignore[arg-type]
        interest_rounding=interest_rounding,  # type: ignore[arg-type]
    )
    assert [part.number for part in plan] == list(range(1, months + 1))
    assert [part.due_on for part in plan] == [add_months(first_due_on, n) for n in range(months)]
    assert sum(part.principal_cents for part in plan) == principal_cents
    assert min(part.principal_cents for part in plan) >= 0
    assert min(part.interest_cents for part in plan) >= 0
    if instalment_rounding == "up":
        assert plan[-1].total_cents <= plan[0].total_cents


@given(
    principal_cents=st.integers(1_000_00, 10**8),
    rate=st.integers(1, 3_000).map(lambda points: Decimal(points) / 10_000),
    months=st.integers(2, 84),
    first_due_on=DUE_DATES,
    stub=STUBS,
)
def test_all_but_the_last_instalment_are_equal_and_interest_falls(
    principal_cents: int, rate: Decimal, months: int, first_due_on: date, stub: timedelta | None
) -> None:
    plan = level_schedule(
        principal_cents, rate, months, first_due_on, disbursed_on=stub and first_due_on - stub
    )
    assert len({part.total_cents for part in plan[:-1]}) == 1
    assert plan[-1].total_cents <= plan[0].total_cents
    regular = [part for part in plan if part.principal_cents][1:] if stub else plan
    assert all(one.interest_cents >= after.interest_cents for one, after in pairwise(regular))


@given(
    rate=RATES,
    first_due_on=DUE_DATES,
    stub=st.integers(1, 120),
    day_count=st.sampled_from(DAY_COUNTS),
)
def test_the_first_period_bears_interest_by_its_day_count(
    rate: Decimal, first_due_on: date, stub: int, day_count: DayCount
) -> None:
    disbursed_on = first_due_on - timedelta(days=stub)
    if disbursed_on == add_months(first_due_on, -1):
        disbursed_on -= timedelta(days=1)
    plan = level_schedule(
        1_000_000, rate, 24, first_due_on, disbursed_on=disbursed_on, day_count=day_count
    )
    years = year_fraction(disbursed_on, first_due_on, day_count)
    accrued_cents = to_cents(1_000_000 * rate * years.numerator / years.denominator)
    assert plan[0].interest_cents == min(accrued_cents, plan[0].total_cents)


def test_interest_beyond_the_first_instalment_is_paid_with_the_next_and_bears_none() -> None:
    plan = level_schedule(1_000_000, Decimal("0.18"), 84, FIRST_DUE, disbursed_on=date(2025, 12, 1))
    assert len({part.total_cents for part in plan[:-1]}) == 1
    assert plan[0].total_cents == plan[0].interest_cents
    assert [part.principal_cents for part in plan[:5]] == [0, 0, 0, 0, 31_15]
    assert sum(part.interest_cents for part in plan[:5]) == 450_00 + 4 * 150_00


def test_a_longer_first_period_raises_every_instalment_alike() -> None:
    plan = level_schedule(1_000_000, Decimal("0.08"), 36, FIRST_DUE, disbursed_on=date(2026, 1, 20))
    assert [part.total_cents for part in plan] == [314_13] * 35 + [313_91]
    assert plan[0].interest_cents == 91_11  # 41 days of 30/360


@given(
    principal_cents=st.integers(1, 10**9),
    rate=RATES,
    months=MONTHS,
    first_due_on=DUE_DATES,
    odd_days=st.integers(1, 120).map(lambda days: timedelta(days=days)),
    day_count=st.sampled_from(DAY_COUNTS),
)
def test_odd_days_are_paid_with_the_first_instalment_and_change_nothing_else(
    principal_cents: int,
    rate: Decimal,
    months: int,
    first_due_on: date,
    odd_days: timedelta,
    day_count: DayCount,
) -> None:
    regular = level_schedule(principal_cents, rate, months, first_due_on, day_count=day_count)
    stub = level_schedule(
        principal_cents,
        rate,
        months,
        first_due_on,
        disbursed_on=first_due_on - odd_days,
        first_period="stub",
        day_count=day_count,
    )
    years = year_fraction(first_due_on - odd_days, first_due_on, day_count)
    if first_due_on - odd_days == add_months(first_due_on, -1) and day_count == "german_30_360":
        years = Fraction(1, 12)
    borne_cents = to_cents(principal_cents * rate * years.numerator / years.denominator)
    if regular[0].principal_cents:  # a month longer than most may leave interest to the next
        assert stub[0].interest_cents == borne_cents
    assert stub[0].interest_cents >= 0
    assert stub[0]._replace(interest_cents=0) == regular[0]._replace(interest_cents=0)
    assert stub[1:] == regular[1:]
    assert sum(part.principal_cents for part in stub) == principal_cents
    assert stub[-1].total_cents <= regular[0].total_cents or months == 1


def test_forty_one_days_before_the_first_due_date_with_the_first_instalment() -> None:
    plan = level_schedule(
        1_000_000,
        Decimal("0.08"),
        36,
        FIRST_DUE,
        disbursed_on=date(2026, 1, 20),
        first_period="stub",
    )
    assert [part.total_cents for part in plan] == [337_81] + [313_37] * 34 + [313_10]
    assert plan[0].interest_cents == 91_11  # 41 days of 30/360, 24.44 of them odd


@given(rate=RATES, first_due_on=DUE_DATES, months=MONTHS)
def test_a_whole_month_before_the_first_due_date_is_the_default(
    rate: Decimal, first_due_on: date, months: int
) -> None:
    named = level_schedule(
        5_000_00, rate, months, first_due_on, disbursed_on=add_months(first_due_on, -1)
    )
    assert named == level_schedule(5_000_00, rate, months, first_due_on)
    first_interest = to_cents(5_000_00 * rate / 12)
    assert named[0].interest_cents == first_interest


@pytest.mark.parametrize(
    ("principal_cents", "rate", "months", "disbursed_on", "day_count"),
    [
        (0, "0.08", 36, None, "german_30_360"),
        (100, "-0.01", 36, None, "german_30_360"),
        (100, "0.08", 0, None, "german_30_360"),
        (100, "0.08", 36, FIRST_DUE, "german_30_360"),
        (100, "0.08", 36, None, "31_365"),
    ],
)
def test_what_is_no_loan_is_refused(
    principal_cents: int, rate: str, months: int, disbursed_on: date | None, day_count: DayCount
) -> None:
    with pytest.raises(ValueError, match=r"must|unknown"):
        level_schedule(
            principal_cents,
            Decimal(rate),
            months,
            FIRST_DUE,
            disbursed_on=disbursed_on,
            day_count=day_count,
        )
