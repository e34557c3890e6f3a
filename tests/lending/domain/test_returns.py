"""Money-weighted returns, and the value of claims that are late."""

import math
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.amortization import level_schedule
from lending.domain.returns import (
    HAIRCUTS,
    Claim,
    Valuation,
    arrears_bucket,
    haircut_value,
    lender_return,
    value_claims,
    xirr,
)

START = date(2025, 1, 1)
BOOK_EXAMPLE: list[tuple[date, float | int | Decimal]] = [
    (date(2008, 1, 1), -10_000),
    (date(2008, 3, 1), 2_750),
    (date(2008, 10, 30), 4_250),
    (date(2009, 2, 15), 3_250),
    (date(2009, 4, 1), 2_750),
]


def rate(flows: list[tuple[date, float | int | Decimal]]) -> float:
    found = xirr(flows)
    assert found is not None
    return found


def test_the_example_of_spreadsheet_manuals_in_any_order() -> None:
    assert rate(BOOK_EXAMPLE) == pytest.approx(0.373362535, abs=1e-8)
    shuffled = list(BOOK_EXAMPLE)
    random.Random(1).shuffle(shuffled)
    assert rate(shuffled) == pytest.approx(0.373362535, abs=1e-8)
    assert rate([(day, -amount) for day, amount in BOOK_EXAMPLE]) == rate(BOOK_EXAMPLE)


@given(growth=st.floats(-0.99, 50), days=st.integers(1, 20_000))
def test_two_flows_give_their_compound_rate(growth: float, days: int) -> None:
    end = START + timedelta(days=days)
    expected = 365 * math.log1p(growth) / days
    found = rate([(START, -1_000.0), (end, 1_000.0 * (1 + growth))])
    if expected < 700:
        assert found == pytest.approx(math.expm1(expected), rel=1e-6, abs=1e-9)
    else:
        assert found > 1e300


def test_short_and_long_flows_are_solved() -> None:
    overnight = [(START, -100), (START + timedelta(days=1), Decimal("100.01"))]
    assert rate(overnight) == pytest.approx(1.0001**365 - 1)
    century = [(date(1926, 1, 1), -1), (date(2026, 1, 1), 1_000)]
    assert rate(century) == pytest.approx(1_000 ** (365 / 36_525) - 1)
    assert rate([(START, -1), (START + timedelta(days=1), 1_000)]) == math.inf
    assert rate([(START, -100), (START + timedelta(days=365), 1)]) == pytest.approx(-0.99)


def test_a_loan_held_to_the_end_earns_its_effective_rate() -> None:
    plan = level_schedule(1_000_000, Decimal("0.08"), 36, date(2026, 3, 1))
    flows: list[tuple[date, float | int | Decimal]] = [(date(2026, 2, 1), -1_000_000)]
    flows += [(part.due_on, part.total_cents) for part in plan]
    assert rate(flows) == pytest.approx(0.083, abs=2e-4)


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [(START, 100)],
        [(START, -100), (START + timedelta(days=9), -5)],
        [(START, -100), (START, 105)],
        [(START, -100), (START, 100), (START + timedelta(days=9), 5)],
        [(START, -100), (START + timedelta(days=9), 0)],
        [
            (START, 100),
            (START + timedelta(days=365), -200),
            (START + timedelta(days=730), 101),
        ],
    ],
)
def test_without_a_rate_there_is_none(
    flows: list[tuple[date, float | int | Decimal]],
) -> None:
    assert xirr(flows) is None


def test_of_two_rates_the_one_nearest_zero_is_given() -> None:
    flows = [
        (START, -100),
        (START + timedelta(days=365), 230),
        (START + timedelta(days=730), -132),
    ]
    assert rate(flows) == pytest.approx(0.1)  # 20 % solves them as well


def test_floats_that_cancel_on_one_day_leave_no_trace() -> None:
    flows = [(START, 0.1), (START, 0.2), (START, -0.3), *BOOK_EXAMPLE]
    assert rate(flows) == rate(BOOK_EXAMPLE)


@given(
    flows=st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(-(10**7), 10**7)), min_size=2, max_size=30
    )
)
def test_a_rate_makes_the_flows_worth_nothing(flows: list[tuple[int, int]]) -> None:
    found = xirr([(START + timedelta(days=days), amount) for days, amount in flows])
    if found is None or not -0.9 < found < 10:
        return
    value = math.fsum(amount * (1 + found) ** (-days / 365) for days, amount in flows)
    size = math.fsum(abs(amount) * (1 + found) ** (-days / 365) for days, amount in flows)
    assert abs(value) <= 1e-6 * size


@pytest.mark.parametrize(
    ("days", "bucket", "value"),
    [
        (0, "current", 100_00),
        (1, "1-30", 95_00),
        (30, "1-30", 95_00),
        (31, "31-60", 70_00),
        (60, "31-60", 70_00),
        (61, "61-90", 45_00),
        (90, "61-90", 45_00),
        (91, "over-90", 20_00),
    ],
)
def test_late_claims_lose_value_by_bucket(days: int, bucket: str, value: int) -> None:
    assert arrears_bucket(days) == bucket
    assert haircut_value(100_00, arrears_bucket(days)) == value


def test_a_valuation_ranges_from_nothing_to_par_for_what_is_late() -> None:
    claims = [
        Claim("current", 100_00, 100_00, 3),
        Claim("1-30", 50_00, 47_50, 1),
        Claim("over-90", 30_00, 6_00, 1),
    ]
    assert value_claims(claims) == Valuation(100_00, 153_50, 180_00)
    assert value_claims([]) == Valuation(0, 0, 0)
    assert list(HAIRCUTS.values()) == sorted(HAIRCUTS.values())


def test_a_lender_sees_a_range_of_returns() -> None:
    flows = [(START, -1_000_00)]
    on = START + timedelta(days=365)
    range_ = lender_return(
        flows, on=on, cash_cents=100_00, claims=Valuation(900_00, 940_00, 960_00)
    )
    assert range_ == pytest.approx((0.0, 0.04, 0.06))
    nothing = lender_return([], on=on, cash_cents=0, claims=Valuation(0, 0, 0))
    assert nothing == (None, None, None)
