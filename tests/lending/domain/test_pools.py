"""Pools: what is shared sums to zero, nobody is paid above his due, and nothing happens twice."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from lending.domain.pools import (
    LoanFacts,
    MonthClaim,
    PoolLine,
    claims_by_month,
    corrected,
    share_month,
    split_parts,
)

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))


@st.composite
def month_claims(draw: st.DrawFn) -> list[MonthClaim]:
    dues = draw(st.lists(st.integers(0, 10**7), max_size=30))
    return [MonthClaim(number, due, draw(st.integers(0, due))) for number, due in enumerate(dues)]


def test_everyone_gets_the_part_of_his_due_that_came_in() -> None:
    lines = share_month(
        [MonthClaim(1, 100_00, 100_00), MonthClaim(2, 200_00, 0), MonthClaim(3, 100_00, 100_00)]
    )
    assert lines == [
        PoolLine(1, 100_00, 100_00, 50_00, -50_00),
        PoolLine(2, 200_00, 0, 100_00, 100_00),
        PoolLine(3, 100_00, 100_00, 50_00, -50_00),
    ]


@given(month_claims())
def test_bookings_sum_to_zero_and_no_target_is_above_its_due(claims: list[MonthClaim]) -> None:
    lines = share_month(claims)
    assert sum(line.booking_cents for line in lines) == 0
    assert all(0 <= line.target_cents <= line.due_cents for line in lines)
    total, due = sum(c.received_cents for c in claims), sum(c.due_cents for c in claims)
    assert all(
        abs(line.target_cents * due - line.due_cents * total) < max(due, 1) for line in lines
    )


@given(month_claims(), st.randoms())
def test_the_order_of_the_claims_does_not_matter(claims: list[MonthClaim], rng: object) -> None:
    mixed = list(claims)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    assert share_month(mixed) == share_month(claims)


@given(month_claims())
def test_a_run_without_news_books_nothing(claims: list[MonthClaim]) -> None:
    lines = share_month(claims)
    assert corrected(lines, {line.holding_id: line for line in lines}) == []


@given(month_claims(), month_claims())
def test_corrections_lead_from_any_run_to_any_other(
    first: list[MonthClaim], second: list[MonthClaim]
) -> None:
    before = {line.holding_id: line for line in share_month(first)}
    changes = corrected(share_month(second), before)
    booked = {holding: line.booking_cents for holding, line in before.items()}
    for line, delta in changes:
        booked[line.holding_id] = booked.get(line.holding_id, 0) + delta
    assert sum(delta for _, delta in changes) == 0
    wanted = {line.holding_id: line.booking_cents for line in share_month(second)}
    assert {h: c for h, c in booked.items() if c} == {h: c for h, c in wanted.items() if c}


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.data())
def test_parts_and_shares_of_a_payment_meet_to_the_cent(
    parts: list[int], data: st.DataObject
) -> None:
    total = sum(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=8)))
    shares = [after - before for before, after in zip([0, *cuts], [*cuts, total], strict=True)]
    rows = split_parts(parts, shares)
    assert [sum(row) for row in rows] == parts
    assert [sum(column) for column in zip(*rows, strict=True)] == shares
    assert all(cents >= 0 for row in rows for cents in row)


def test_what_is_unpaid_is_due_by_what_each_lent() -> None:
    loan = LoanFacts(holdings={1: 300_00, 2: 100_00}, unpaid={JANUARY: 40_01})
    loan.received |= {(1, JANUARY): 10_00, (2, JANUARY): 5_00}
    assert claims_by_month(loan) == {
        JANUARY: [MonthClaim(1, 40_01, 10_00), MonthClaim(2, 15_00, 5_00)]
    }


def test_loose_money_pays_the_oldest_months_first() -> None:
    loan = LoanFacts(
        holdings={1: 100_00},
        unpaid={MARCH: 10_00, JANUARY: 10_00, FEBRUARY: 10_00},
        loose={1: 15_00},
    )
    assert claims_by_month(loan) == {
        JANUARY: [MonthClaim(1, 10_00, 10_00)],
        FEBRUARY: [MonthClaim(1, 10_00, 5_00)],
        MARCH: [MonthClaim(1, 10_00, 0)],
    }


def test_waived_principal_is_due_and_never_received() -> None:
    loan = LoanFacts(holdings={1: 100_00}, waived={(1, JANUARY): 30_00})
    assert claims_by_month(loan) == {JANUARY: [MonthClaim(1, 30_00, 0)]}
