"""A break moves payments, bears simple interest on principal alone, and loses no cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import add_months
from lending.domain.amortization import level_schedule
from lending.domain.breaks import PlanPart, interest_borne, most_in_a_year, planned_break
from lending.domain.due_dates import days_past_due

FIRST = date(2026, 3, 1)


def plan_of(cents: int, points: int, months: int) -> list[PlanPart]:
    """The plan of a fresh loan."""
    rate = Decimal(points) / 10_000
    return [PlanPart(*row) for row in level_schedule(cents, rate, months, FIRST)]


@st.composite
def breaks(draw: st.DrawFn) -> tuple[list[PlanPart], Decimal, list[int], str]:
    """A plan, its rate, one to three instalments to skip, and how their interest is paid."""
    cents = draw(st.integers(1_000_00, 50_000_00))
    points, months = draw(st.integers(0, 2_000)), draw(st.integers(12, 84))
    numbers = draw(st.sets(st.integers(1, months), min_size=1, max_size=3))
    collect = draw(st.sampled_from(["spread", "end"]))
    return plan_of(cents, points, months), Decimal(points) / 10_000, sorted(numbers), collect


@given(breaks())
def test_principal_stays_and_interest_is_what_principal_bears(given_break):
    parts, rate, numbers, collect = given_break
    made = planned_break(parts, rate, numbers, collect)
    since = add_months(FIRST, -1)
    assert [part.principal_cents for part in made.parts] == [row.principal_cents for row in parts]
    assert sum(part.interest_cents for part in made.parts) == interest_borne(
        made.parts, rate, since
    )
    before = sum(part.interest_cents for part in parts)
    assert made.cost_cents == sum(part.interest_cents for part in made.parts) - before


@given(breaks())
def test_nothing_is_paid_in_skipped_months_and_the_term_grows_by_as_many(given_break):
    parts, rate, numbers, collect = given_break
    made = planned_break(parts, rate, numbers, collect)
    days = [part.due_on for part in made.parts]
    skipped = {part.due_on for part in parts if part.number in numbers}
    assert not skipped & set(days)
    assert days == sorted(set(days))
    assert {day.day for day in days} == {FIRST.day}
    assert days[-1] == add_months(parts[-1].due_on, len(numbers))
    assert made.starts_on == min(skipped)
    assert made.resumes_on == min(day for day in days if day > made.starts_on)


@given(breaks())
def test_deferred_interest_is_simple_and_collected_as_chosen(given_break):
    parts, rate, numbers, collect = given_break
    made = planned_break(parts, rate, numbers, collect)
    deferred = [part.deferred_cents for part in made.parts]
    assert sum(deferred) == made.cost_cents
    assert all(0 <= part.deferred_cents <= part.interest_cents for part in made.parts)
    later = [part.deferred_cents for part in made.parts if part.due_on >= made.resumes_on]
    if collect == "end":
        assert deferred[-1] == made.cost_cents
    else:
        assert max(later) - min(later) <= 1
        assert sum(later) == made.cost_cents


@given(breaks(), st.integers(0, 1_200))
def test_nobody_who_pays_the_new_plan_is_ever_late(given_break, days):
    parts, rate, numbers, collect = given_break
    made = planned_break(parts, rate, numbers, collect)
    on = date.fromordinal(FIRST.toordinal() + days)
    unpaid = [part.due_on for part in made.parts if part.due_on >= on]
    assert days_past_due(min(unpaid, default=None), on) == 0


def test_a_month_of_break_costs_a_month_of_interest_on_what_is_outstanding():
    """10,000 at 8 % over 36 months: after three payments 9,254.95 are owed; a twelfth of 8 % of
    that is 61.70."""
    parts = plan_of(10_000_00, 800, 36)[3:]
    assert sum(part.principal_cents for part in parts) == 9_254_95
    made = planned_break(parts, Decimal("0.08"), [4], "end")
    assert made.cost_cents == 61_70
    assert made.parts[-1].deferred_cents == 61_70
    assert (made.starts_on, made.resumes_on) == (date(2026, 6, 1), date(2026, 7, 1))


def test_a_second_break_bears_nothing_on_what_the_first_deferred():
    parts = plan_of(10_000_00, 800, 36)
    once = planned_break(parts, Decimal("0.08"), [4], "end")
    twice = planned_break(once.parts, Decimal("0.08"), [4], "end")
    assert twice.cost_cents == once.cost_cents
    assert twice.parts[-1].deferred_cents == 2 * once.cost_cents


def test_an_earlier_gap_stays_where_it_was_agreed():
    parts = plan_of(10_000_00, 800, 36)
    once = planned_break(parts, Decimal("0.08"), [6], "spread")
    twice = planned_break(once.parts, Decimal("0.08"), [5], "spread")
    gone = {parts[4].due_on, parts[5].due_on}
    assert not gone & {part.due_on for part in twice.parts}
    assert sum(part.interest_cents for part in twice.parts) == interest_borne(
        twice.parts, Decimal("0.08"), add_months(FIRST, -1)
    )


@pytest.mark.parametrize("numbers", [[], [99]])
def test_only_instalments_of_the_plan_can_be_skipped(numbers):
    with pytest.raises(ValueError, match="some of the plan"):
        planned_break(plan_of(1_000_00, 500, 12), Decimal("0.05"), numbers, "end")


def test_the_fullest_year_is_counted_from_any_month():
    months = [date(2026, 5, 1), date(2027, 4, 1), date(2027, 5, 1)]
    assert most_in_a_year(months) == 2
    assert most_in_a_year([]) == 0
    assert most_in_a_year([date(2026, 5, 1), date(2026, 6, 1), date(2027, 4, 1)]) == 3
