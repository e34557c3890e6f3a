"""Grades, rates from expected losses, and expected returns from rates."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.grades import GRADE_BANDS, GRADES, grade_of
from lending.domain.pricing import (
    HIGHEST_RATE,
    RATE_STEP,
    Assumptions,
    break_even_rate,
    expected_net_return,
    price,
)

SMAVA = Assumptions(payment_fee_rate=Decimal(0), upfront_fee_rate=Decimal("0.0135"))
TERMS = range(12, 85, 6)
BANDS = [(grade, months) for grade in GRADES for months in TERMS]


def test_grades_follow_their_bands() -> None:
    limits = ["0.02", "0.035", "0.045", "0.057", "0.073", "0.10", "0.15", "0.20"]
    assert [grade_of(Decimal(limit)) for limit in limits] == list(GRADES) == list("ABCDEFGH")
    above = [grade_of(Decimal(limit) + Decimal("0.000001")) for limit in limits]
    assert above == [*GRADES[1:], None]


def test_a_grade_is_priced_inside_its_band() -> None:
    for grade, band in GRADE_BANDS.items():
        assert grade_of(band.typical_pd) == grade


@pytest.mark.parametrize(
    ("net_return", "percents"),
    [
        ("0", [1.9, 3.1, 4.0, 4.8, 5.8, 7.4, 10.5, 15.1]),
        ("0.04", [5.8, 7.1, 7.9, 8.7, 9.8, 11.4, 14.6, 19.2]),
    ],
)
def test_published_rates_of_smavas_grades(net_return: str, percents: list[float]) -> None:
    rates = [
        break_even_rate(36, band.typical_pd, net_return=Decimal(net_return), assumptions=SMAVA)
        for band in GRADE_BANDS.values()
    ]
    assert [float(rate) * 100 for rate in rates] == pytest.approx(percents, abs=0.051)


def test_twelve_per_cent_was_too_little_for_grade_h() -> None:
    loss = expected_net_return(Decimal("0.12"), 36, Decimal("0.17"), assumptions=SMAVA)
    assert float(loss) == pytest.approx(-0.029, abs=0.0005)


def test_without_losses_and_fees_the_return_is_the_effective_rate() -> None:
    free = Assumptions(payment_fee_rate=Decimal(0))
    safe = expected_net_return(Decimal("0.12"), 24, Decimal(0), assumptions=free)
    assert float(safe) == pytest.approx(1.01**12 - 1, abs=1e-6)
    assert break_even_rate(24, Decimal(0), assumptions=free) == 0


@given(
    pd=st.decimals("0.001", "0.3", places=4),
    months=st.integers(1, 84),
    target=st.decimals("-0.02", "0.15", places=3),
)
def test_rate_and_return_are_inverse(pd: Decimal, months: int, target: Decimal) -> None:
    rate = break_even_rate(months, pd, net_return=target)
    earned = expected_net_return(rate, months, pd)
    if rate > 0:
        assert float(earned) == pytest.approx(float(target), abs=2e-6)
    else:
        assert earned >= target


@pytest.mark.parametrize(("grade", "months"), BANDS)
def test_a_band_rises_in_whole_steps_under_the_guard(grade: str, months: int) -> None:
    band = price(grade, months)
    assert band.floor < band.posted <= band.ceiling <= HIGHEST_RATE
    assert all(rate % RATE_STEP == 0 for rate in band)


@pytest.mark.parametrize(("grade", "months"), BANDS)
def test_no_rate_of_a_band_loses_money_in_expectation(grade: str, months: int) -> None:
    band, pd = price(grade, months), GRADE_BANDS[grade].typical_pd
    assert expected_net_return(band.floor, months, pd) > 0
    if band.posted < HIGHEST_RATE:
        target = Decimal("0.04") + Decimal("0.002") * (Decimal(months) / 12 - 3)
        assert abs(expected_net_return(band.posted, months, pd) - target) < Decimal("0.0005")


@pytest.mark.parametrize("months", TERMS)
def test_worse_grades_cost_more(months: int) -> None:
    bands = [price(grade, months) for grade in GRADES]
    for better, worse in pairwise(bands):
        assert better.floor < worse.floor
        assert better.posted < worse.posted


def test_a_band_can_be_asked_for_another_probability() -> None:
    assert price("C", 36, Decimal("0.040")) == price("C", 36)
    assert price("C", 36, Decimal("0.045")).posted > price("C", 36).posted


def test_a_grade_that_does_not_exist_has_no_price() -> None:
    with pytest.raises(KeyError):
        price("I", 36)
