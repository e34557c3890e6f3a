"""The way from the contract rate to the net return."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.return_bridge import (
    Earnings,
    StepKind,
    contract_interest,
    return_bridge,
)
from lending.domain.returns import xirr

START = date(2025, 1, 1)
YEAR = START + timedelta(days=365)
PAID_IN = [(START, -10_000_00)]

PERFECT = Earnings(
    lent_cent_days=7_500_00 * 365,
    idle_cent_days=2_500_00 * 365,
    contract_cents=600_00,
    missing_contract_cents=0,
    interest_cents=600_00,
    missing_interest_cents=0,
    fee_cents=0,
    written_off_cents=0,
    haircut_cents=0,
    recovered_cents=0,
    default_interest_cents=0,
)
"""10,000 paid in, 7,500 of it lent for a year at 8 %, 2,500 idle."""


def points(earned: Earnings, value_cents: int) -> dict[StepKind, int]:
    steps = return_bridge(PAID_IN, on=YEAR, value_cents=value_cents, earned=earned)
    assert sum(step.hundredths for step in steps[:-1]) == steps[-1].hundredths
    return {step.kind: step.hundredths for step in steps}


def test_a_quarter_of_idle_cash_takes_a_quarter_of_the_return() -> None:
    assert (PERFECT.contract_rate, PERFECT.idle_share) == (Decimal("0.08"), Decimal("0.25"))
    assert points(PERFECT, 10_600_00) == {
        StepKind.CONTRACT: 800,
        StepKind.COMPOUNDING: 30,
        StepKind.IDLE: -230,
        StepKind.TIMING: 0,
        StepKind.FEES: 0,
        StepKind.LATE: 0,
        StepKind.NET: 600,
    }


def test_each_cause_takes_its_own_points() -> None:
    earned = replace(
        PERFECT,
        missing_contract_cents=100_00,
        interest_cents=530_00,
        missing_interest_cents=60_00,
        fee_cents=20_00,
        written_off_cents=150_00,
        haircut_cents=50_00,
        recovered_cents=30_00,
        default_interest_cents=5_00,
    )
    assert (earned.timing_cents, earned.unpaid_cents) == (30_00, 40_00)
    value = 10_000_00 + 530_00 - 20_00 - 150_00 - 50_00 + 35_00
    assert points(earned, value) == {
        StepKind.CONTRACT: 800,
        StepKind.COMPOUNDING: 30,
        StepKind.IDLE: -230,
        StepKind.TIMING: -30,
        StepKind.FEES: -20,
        StepKind.LATE: -240,
        StepKind.RECOVERED: 35,
        StepKind.NET: 345,
    }


def test_what_nothing_explains_has_a_step_of_its_own() -> None:
    assert points(PERFECT, 10_590_00)[StepKind.OTHER] == -10


def test_what_pools_gave_has_a_step_of_its_own() -> None:
    found = points(replace(PERFECT, pool_cents=25_00), 10_625_00)
    assert found[StepKind.POOL] == 25
    assert StepKind.OTHER not in found


def test_without_a_loan_or_a_rate_there_is_no_bridge() -> None:
    idle = replace(PERFECT, lent_cent_days=0, contract_cents=0, interest_cents=0)
    assert idle.contract_rate == 0
    assert return_bridge(PAID_IN, on=YEAR, value_cents=10_000_00, earned=idle) == []
    assert return_bridge([], on=YEAR, value_cents=0, earned=PERFECT) == []
    assert return_bridge(PAID_IN, on=START, value_cents=10_600_00, earned=PERFECT) == []


def test_interest_runs_by_days() -> None:
    assert contract_interest(Decimal("0.08") * 1_000_00 * 365) == 80_00
    assert contract_interest(1) == 0


cents = st.integers(0, 2_000_00)


@given(
    contract=cents,
    unpaid=cents,
    received=cents,
    fee=cents,
    lost=cents,
    haircut=cents,
    recovered=cents,
    other=st.integers(-500_00, 500_00),
    days=st.integers(1, 4_000),
)
def test_the_steps_always_add_up_to_the_money_weighted_return(
    contract: int,
    unpaid: int,
    received: int,
    fee: int,
    lost: int,
    haircut: int,
    recovered: int,
    other: int,
    days: int,
) -> None:
    earned = Earnings(
        lent_cent_days=9_000_00 * days,
        idle_cent_days=1_000_00 * days,
        contract_cents=contract,
        missing_contract_cents=min(unpaid, contract),
        interest_cents=received,
        missing_interest_cents=0,
        fee_cents=fee,
        written_off_cents=lost,
        haircut_cents=haircut,
        recovered_cents=recovered,
        default_interest_cents=0,
    )
    on = START + timedelta(days=days)
    value = 10_000_00 + received - fee - lost - haircut + recovered + other
    steps = return_bridge(PAID_IN, on=on, value_cents=value, earned=earned)
    net = xirr([*PAID_IN, (on, value)])
    if not steps:
        return
    assert sum(step.hundredths for step in steps[:-1]) == steps[-1].hundredths
    assert net is not None
    assert steps[-1].hundredths == pytest.approx(net * 10_000, abs=0.51)
    assert steps[-1].cents == value - 10_000_00
    by_kind = {step.kind: step.hundredths for step in steps}
    assert by_kind[StepKind.FEES] <= 0
    assert by_kind[StepKind.LATE] <= 0
    assert by_kind.get(StepKind.RECOVERED, 0) >= 0
