"""What plans may bring when some borrowers fail."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lending.domain.cash_forecast import HALF, TWICE, Planned, expected_cents, survival
from lending.domain.grades import GRADES
from lending.domain.returns import HAIRCUTS


def test_a_loan_survives_a_year_with_the_chance_of_its_grade() -> None:
    assert survival("C", 0) == 1
    assert round(survival("C", 12), 12) == Decimal("0.96")
    assert round(survival("C", 24), 12) == Decimal("0.9216")
    assert round(survival("H", 12, TWICE), 12) == Decimal("0.66")


def test_a_planned_payment_counts_by_the_chance_that_it_comes() -> None:
    planned = [
        Planned(0, "C", "current", 100_00, 10_00),
        Planned(12, "C", "current", 100_00, 0),
        Planned(12, "C", "31-60", 100_00, 0),
    ]
    found = expected_cents(planned, {}, months=13)
    assert found[0] == 110_00
    assert found[12] == 96_00 + 67_20
    assert sum(found) == found[0] + found[12]


def test_what_fails_pays_a_quarter_of_its_balance_half_a_year_later() -> None:
    found = expected_cents([], {"C": 1_000_000_00}, months=8)
    failed = 1 - survival("C", 1)
    assert found[:7] == [0] * 7
    assert found[7] == round(1_000_000_00 * failed / 4)


amounts = st.integers(0, 10**8)
rows = st.builds(
    Planned,
    month=st.integers(0, 30),
    grade=st.sampled_from(GRADES),
    bucket=st.sampled_from(list(HAIRCUTS)),
    principal_cents=amounts,
    interest_cents=amounts,
)


@given(planned=st.lists(rows, max_size=20))
def test_more_failures_never_bring_more_of_the_plan(planned: list[Planned]) -> None:
    least, usual, most = (
        expected_cents(planned, {}, months=24, failing=failing)
        for failing in (TWICE, Decimal(1), HALF)
    )
    plan = [
        sum(row.principal_cents + row.interest_cents for row in planned if row.month == month)
        for month in range(24)
    ]
    for month in range(24):
        assert 0 <= least[month] <= usual[month] <= most[month] <= plan[month]
