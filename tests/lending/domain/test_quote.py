"""The figures of one loan."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import add_months
from lending.domain.quote import first_due_date, quote

PAID_OUT = date(2026, 2, 1)
FIRST_DUE = date(2026, 3, 1)


def test_ten_thousand_over_three_years_with_a_fee() -> None:
    offer = quote(1_000_000, Decimal("0.08"), 36, PAID_OUT, FIRST_DUE, Decimal("0.025"))
    assert offer.fee_cents == 250_00
    assert offer.payout_cents == 9_750_00
    assert offer.instalment_cents == 313_37
    assert offer.last_instalment_cents == 313_10
    assert offer.interest_cents == 1_281_05
    assert offer.total_payable_cents == 11_281_05
    assert offer.cost_cents == 1_531_05
    assert offer.apr_percent == Decimal("10.17")


def test_without_a_fee_the_apr_is_the_effective_rate() -> None:
    offer = quote(1_000_000, Decimal("0.08"), 36, PAID_OUT, FIRST_DUE, Decimal(0))
    assert offer.payout_cents == 1_000_000
    assert offer.apr_percent == Decimal("8.30")


def test_a_long_first_period_is_in_the_instalment_and_hardly_moves_the_apr() -> None:
    offer = quote(1_000_000, Decimal("0.08"), 36, date(2026, 1, 20), FIRST_DUE, Decimal("0.025"))
    assert offer.instalment_cents == 314_13
    assert offer.apr_percent == Decimal("10.12")


def test_odd_days_with_the_first_instalment_keep_the_others() -> None:
    offer = quote(
        1_000_000,
        Decimal("0.08"),
        36,
        date(2026, 1, 20),
        FIRST_DUE,
        Decimal("0.025"),
        first_period="stub",
    )
    assert (offer.first_instalment_cents, offer.instalment_cents) == (337_81, 313_37)
    assert (offer.odd_days_cents, offer.last_instalment_cents) == (24_44, 313_10)
    assert offer.interest_cents == 1_281_05 + 24_44
    assert offer.apr_percent == Decimal("10.12")
    rest = 12 * Decimal(12) / 365  # from 20 January twelve days, then whole months
    worth = sum(
        part.total_cents / (1 + offer.apr) ** ((part.number + rest) / 12)
        for part in offer.instalments
    )
    assert abs(worth - offer.payout_cents) < Decimal("0.01")


@given(
    amount=st.integers(40, 2_000).map(lambda steps: steps * 25_00),
    rate=st.integers(0, 180).map(lambda tenths: Decimal(tenths) / 1_000),
    months=st.integers(12, 84),
    wait=st.integers(0, 30),
    fee_rate=st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("0.025")]),
)
def test_the_figures_of_a_quote_agree(
    amount: int, rate: Decimal, months: int, wait: int, fee_rate: Decimal
) -> None:
    paid_out = PAID_OUT - timedelta(days=wait)
    offer = quote(amount, rate, months, paid_out, FIRST_DUE, fee_rate)
    assert sum(part.total_cents for part in offer.instalments) == offer.total_payable_cents
    assert sum(part.principal_cents for part in offer.instalments) == amount
    assert offer.payout_cents + offer.cost_cents == offer.total_payable_cents
    assert offer.apr >= rate - Decimal("0.002")


@pytest.mark.parametrize("fee_rate", ["-0.01", "1"])
def test_a_fee_must_leave_something_to_pay_out(fee_rate: str) -> None:
    with pytest.raises(ValueError, match="fee"):
        quote(1_000_000, Decimal("0.08"), 36, PAID_OUT, FIRST_DUE, Decimal(fee_rate))


@pytest.mark.parametrize(
    ("disbursed_on", "due_day", "first"),
    [
        (date(2026, 1, 1), 1, date(2026, 2, 1)),
        (date(2026, 1, 2), 1, date(2026, 3, 1)),
        (date(2026, 1, 2), 15, date(2026, 2, 15)),
        (date(2026, 1, 31), 1, date(2026, 3, 1)),
        (date(2026, 12, 20), 15, date(2027, 2, 15)),
    ],
)
def test_the_first_payment_waits_a_month_at_least(
    disbursed_on: date, due_day: int, first: date
) -> None:
    assert first_due_date(disbursed_on, due_day) == first


@given(disbursed_on=st.dates(date(2000, 1, 1), date(2099, 12, 31)), due_day=st.integers(1, 28))
def test_the_first_payment_comes_before_two_months_have_passed(
    disbursed_on: date, due_day: int
) -> None:
    first = first_due_date(disbursed_on, due_day)
    assert first.day == due_day
    assert add_months(disbursed_on, 1) <= first < add_months(disbursed_on, 2) + timedelta(days=3)


def test_a_day_that_some_months_lack_is_refused() -> None:
    with pytest.raises(ValueError, match="between 1 and 28"):
        first_due_date(PAID_OUT, 29)
