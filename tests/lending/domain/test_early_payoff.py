"""Early repayment: interest to the day, the fee's share of the time that is left, the cap."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from core.dates import add_months
from lending.domain.amortization import level_schedule, schedule_on
from lending.domain.early_payoff import (
    Coming,
    Interest,
    compensation_cap_cents,
    fee_refund_cents,
    interest_on,
)

RATE = Decimal("0.08")
PAID_OUT = date(2026, 1, 15)
PLAN = level_schedule(10_000_00, RATE, 36, date(2026, 2, 15))


def _after(on: date) -> list[Coming]:
    return [
        Coming(row.due_on, row.principal_cents, row.interest_cents)
        for row in PLAN
        if row.due_on > on
    ]


def test_a_worked_example_of_ten_thousand_at_eight_percent() -> None:
    """Twelve instalments leave 6,928.56; ten days bear 6,928.56 * 8 % * 10/360 = 15.40."""
    coming = _after(date(2027, 1, 25))
    assert sum(part.principal_cents for part in coming) == 6_928_56
    interest = interest_on(coming, RATE, since=date(2027, 1, 15), on=date(2027, 1, 25))
    assert interest.to_the_day_cents == 15_40
    assert interest.to_the_day_cents + interest.saved_cents == sum(
        part.interest_cents for part in coming
    )


def test_on_a_due_date_nothing_was_borne_and_a_month_later_a_twelfth() -> None:
    coming = _after(date(2027, 1, 15))
    assert interest_on(coming, RATE, since=date(2027, 1, 15), on=date(2027, 1, 15)) == Interest(
        0, sum(part.interest_cents for part in coming)
    )
    day_before = interest_on(coming, RATE, since=date(2027, 1, 15), on=date(2027, 2, 14))
    assert day_before.to_the_day_cents == round(6_928_56 * Decimal("0.08") * 29 / 360)


def test_interest_that_a_break_put_off_is_owed_to_the_day() -> None:
    """Two months were skipped; their interest lies in the instalment after them."""
    due, skipped = date(2026, 2, 15), 133_34
    coming = [Coming(add_months(due, 3), 10_000_00, 66_67 + skipped)]
    at_payout = interest_on(coming, RATE, since=add_months(due, 2), on=add_months(due, 2))
    assert at_payout.to_the_day_cents == skipped
    from_start = interest_on(coming, RATE, since=due, on=add_months(due, 2))
    assert from_start.to_the_day_cents == pytest.approx(skipped, abs=1)


@given(days=integers(0, 36 * 30))
def test_interest_to_the_day_grows_and_never_exceeds_what_was_planned(days: int) -> None:
    on = PAID_OUT + timedelta(days=days)
    coming = _after(on)
    since = max([PAID_OUT, *(row.due_on for row in PLAN if row.due_on <= on)])
    today = interest_on(coming, RATE, since=since, on=on)
    planned = sum(part.interest_cents for part in coming)
    assert 0 <= today.to_the_day_cents <= planned
    balance = sum(part.principal_cents for part in coming)
    assert today.to_the_day_cents <= round(balance * Decimal("0.08") * 31 / 360)


def test_the_fee_comes_back_with_the_days_that_are_left() -> None:
    given_back = fee_refund_cents(
        250_00,
        began_on=date(2026, 1, 1),
        ends_on=date(2027, 1, 1),
        on=date(2026, 10, 2),
        repaid_cents=1_000_00,
        planned_cents=4_000_00,
    )
    assert given_back == round(Decimal(250_00) * 91 / 365 / 4)


@given(first=integers(1, 4_000_00), day=integers(0, 364))
def test_repaying_in_two_parts_never_frees_more_than_at_once(first: int, day: int) -> None:
    on = date(2026, 1, 1) + timedelta(days=day)
    facts = {"began_on": date(2026, 1, 1), "ends_on": date(2027, 1, 1), "planned_cents": 4_000_00}
    at_once = fee_refund_cents(250_00, on=on, repaid_cents=4_000_00, **facts)  # type: ignore[arg-type]
    parts = [
        fee_refund_cents(250_00, on=on, repaid_cents=cents, **facts)  # type: ignore[arg-type]
        for cents in (first, 4_000_00 - first)
    ]
    assert abs(sum(parts) - at_once) <= 1


@pytest.mark.parametrize(
    ("ends_on", "saved", "cap"),
    [
        (date(2028, 1, 2), 900_00, 50_00),  # more than a year left: 1 %
        (date(2027, 1, 1), 900_00, 25_00),  # a year left: 0.5 %
        (date(2028, 1, 2), 49_99, 49_99),  # never more than the interest that falls away
    ],
)
def test_the_legal_cap_of_a_compensation(ends_on: date, saved: int, cap: int) -> None:
    assert compensation_cap_cents(5_000_00, saved, on=date(2026, 1, 1), ends_on=ends_on) == cap


def test_the_cap_is_cut_down_to_the_cent() -> None:
    cap = compensation_cap_cents(99_99, 10_00, on=date(2026, 1, 1), ends_on=date(2029, 1, 1))
    assert cap == 99


@given(principal=integers(1_00, 6_000_00), day=integers(0, 29))
def test_with_the_old_instalment_a_smaller_debt_ends_no_later(principal: int, day: int) -> None:
    on = date(2027, 1, 15) + timedelta(days=day)
    dates = [row.due_on for row in PLAN if row.due_on > on]
    plan = schedule_on(principal, RATE, dates, from_on=on, payment_cents=313_37)
    assert sum(row.principal_cents for row in plan) == principal
    assert plan[-1].due_on <= dates[-1]
    assert all(row.total_cents == 313_37 for row in plan[:-1])
    assert 0 < plan[-1].total_cents <= 313_37


def test_a_payment_too_small_for_the_days_is_refused() -> None:
    dates = [add_months(date(2027, 2, 15), index) for index in range(3)]
    with pytest.raises(ValueError, match="in time"):
        schedule_on(10_000_00, RATE, dates, from_on=date(2027, 1, 15), payment_cents=100_00)
