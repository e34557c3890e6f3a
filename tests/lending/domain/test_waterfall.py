"""Which claim, and whose, a cent settles."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.waterfall import (
    Allocation,
    Due,
    DuePart,
    HoldingShare,
    allocate_payment,
    allocate_to_dues,
    share_out,
    split_repayment,
)

CENTS = st.integers(0, 10**7)
DUES = [
    Due(2, date(2026, 4, 1), 300_00, 20_00),
    Due(1, date(2026, 3, 1), 290_00, 30_00),
]


def test_in_default_the_amount_owed_comes_before_default_interest() -> None:
    owed = {"legal_costs_cents": 50_00, "amount_owed_cents": 400_00, "default_interest_cents": 9_00}
    assert allocate_payment(100_00, **owed) == Allocation(50_00, 50_00, 0, 0)
    assert allocate_payment(30_00, **owed) == Allocation(30_00, 0, 0, 0)
    assert allocate_payment(455_00, **owed) == Allocation(50_00, 400_00, 5_00, 0)
    assert allocate_payment(500_00, **owed) == Allocation(50_00, 400_00, 9_00, 41_00)


def test_the_general_order_takes_interest_before_the_amount() -> None:
    allocation = allocate_payment(
        100_00,
        legal_costs_cents=50_00,
        amount_owed_cents=400_00,
        default_interest_cents=9_00,
        order="bgb_367",
    )
    assert allocation == Allocation(
        legal_costs_cents=50_00,
        amount_owed_cents=41_00,
        default_interest_cents=9_00,
        left_over_cents=0,
    )


@given(payment=CENTS, costs=CENTS, owed=CENTS, late=CENTS, order=st.sampled_from(["497", "367"]))
def test_no_cent_is_lost_and_nothing_is_overpaid(
    payment: int, costs: int, owed: int, late: int, order: str
) -> None:
    parts = allocate_payment(
        payment,
        legal_costs_cents=costs,
        amount_owed_cents=owed,
        default_interest_cents=late,
        order=f"bgb_{order}",  # type: ignore[arg-type]
    )
    assert sum(parts) == payment
    assert all(part >= 0 for part in parts)
    assert parts.left_over_cents == max(0, payment - costs - owed - late)
    assert (parts.legal_costs_cents, parts.amount_owed_cents) <= (costs, owed)


@pytest.mark.parametrize(
    ("payment", "costs", "order"),
    [(-1, 0, "bgb_497"), (1, -1, "bgb_497"), (1, 0, "bgb_1")],
)
def test_amounts_and_orders_that_make_no_sense_are_refused(
    payment: int, costs: int, order: str
) -> None:
    with pytest.raises(ValueError, match=r"negative|unknown"):
        allocate_payment(
            payment,
            legal_costs_cents=costs,
            amount_owed_cents=0,
            default_interest_cents=0,
            order=order,  # type: ignore[arg-type]
        )


def test_the_oldest_instalment_is_settled_first_and_its_interest_before_principal() -> None:
    assert allocate_to_dues(25_00, DUES) == [DuePart(1, 0, 25_00)]
    assert allocate_to_dues(325_00, DUES) == [DuePart(1, 290_00, 30_00), DuePart(2, 0, 5_00)]
    assert allocate_to_dues(0, DUES) == []
    with pytest.raises(ValueError, match="negative"):
        allocate_to_dues(-1, DUES)


def test_a_surplus_stays_with_the_caller() -> None:
    parts = allocate_to_dues(1_000_00, DUES)
    assert sum(part.total_cents for part in parts) == 640_00


@given(
    dues=st.lists(st.tuples(st.dates(), CENTS, CENTS), max_size=20),
    payment=st.integers(0, 10**9),
)
def test_dues_take_the_payment_to_the_cent(dues: list[tuple[date, int, int]], payment: int) -> None:
    owed = [Due(number, *due) for number, due in enumerate(dues)]
    parts = allocate_to_dues(payment, owed)
    owed_cents = sum(due.principal_cents + due.interest_cents for due in owed)
    assert sum(part.total_cents for part in parts) == min(payment, owed_cents)
    by_number = {due.number: due for due in owed}
    assert all(part.principal_cents <= by_number[part.number].principal_cents for part in parts)
    assert all(part.interest_cents <= by_number[part.number].interest_cents for part in parts)


def test_nobody_gets_more_than_is_owed() -> None:
    assert share_out(3, [1, 3, 3]) == [1, 1, 1]
    assert share_out(7, [1, 3, 3]) == [1, 3, 3]
    assert share_out(0, []) == []
    for amount in (8, -1):
        with pytest.raises(ValueError, match="owed"):
            share_out(amount, [1, 3, 3])


def test_a_repayment_is_shared_with_the_fee_taken_from_each_share() -> None:
    shares = split_repayment(
        principal_cents=300_00,
        interest_cents=10_01,
        outstanding_cents=[500_00, 250_00, 250_00],
        fee_rate=Decimal("0.01"),
    )
    assert shares == [
        HoldingShare(150_00, 5_01, 1_55),
        HoldingShare(75_00, 2_50, 78),  # 77.5 cents round half up
        HoldingShare(75_00, 2_50, 78),
    ]


@given(
    outstanding=st.lists(st.integers(1, 10**6), min_size=1, max_size=60),
    parts=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)), max_size=8),
)
def test_repayments_close_every_holding_at_exactly_zero(
    outstanding: list[int], parts: list[tuple[int, int]]
) -> None:
    for principal, interest in [*parts, (sum(outstanding), 100)]:
        if not sum(outstanding):
            break
        principal = min(principal, sum(outstanding))
        shares = split_repayment(
            principal_cents=principal,
            interest_cents=interest,
            outstanding_cents=outstanding,
            fee_rate=Decimal("0.01"),
        )
        assert sum(share.principal_cents for share in shares) == principal
        assert sum(share.interest_cents for share in shares) == interest
        assert all(0 <= s.fee_cents <= s.principal_cents + s.interest_cents for s in shares)
        outstanding = [
            owed - share.principal_cents for owed, share in zip(outstanding, shares, strict=True)
        ]
        assert min(outstanding) >= 0
    assert sum(outstanding) == 0
