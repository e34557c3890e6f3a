"""Section 498: a run of instalments, a share of the nominal sum, two weeks of notice."""

from __future__ import annotations

from datetime import date

import pytest

from lending.domain.notices import find_notice, least_overdue_cents, notice_until

INSTALMENT = 202_76


@pytest.mark.parametrize(("missed", "may"), [(2, False), (3, True)])
def test_ten_thousand_over_sixty_months_needs_three_missed_instalments(
    missed: int, may: bool
) -> None:
    """The project's own example: 405.52 is below 500.00, 608.28 is not."""
    finding = find_notice(10_000_00, 60, [(place, INSTALMENT) for place in range(missed)])
    assert finding.overdue_cents == {2: 405_52, 3: 608_28}[missed]
    assert finding.least_cents == 500_00
    assert finding.has_run
    assert finding.has_sum is may


@pytest.mark.parametrize(
    ("months", "cents"), [(12, 1_000_00), (36, 1_000_00), (37, 500_00), (84, 500_00)]
)
def test_the_share_is_a_tenth_up_to_three_years_and_a_twentieth_above(
    months: int, cents: int
) -> None:
    assert least_overdue_cents(10_000_00, months) == cents


def test_the_threshold_is_never_rounded_down() -> None:
    assert least_overdue_cents(10_000_01, 60) == 500_01
    assert least_overdue_cents(1, 12) == 1


@pytest.mark.parametrize(
    ("places", "run"),
    [([], 0), ([4], 1), ([4, 6], 1), ([4, 5], 2), ([1, 3, 4, 5], 3), ([5, 4], 2)],
)
def test_a_run_is_of_neighbours(places: list[int], run: int) -> None:
    finding = find_notice(1_000_00, 12, [(place, 100) for place in places])
    assert finding.consecutive == run
    assert finding.has_run is (run >= 2)


def test_an_instalment_paid_in_part_counts_and_one_paid_in_full_does_not() -> None:
    assert find_notice(1_000_00, 12, [(0, 1), (1, 1)]).has_run
    assert not find_notice(1_000_00, 12, [(0, 1), (1, 0)]).has_run


def test_the_two_weeks_begin_when_the_letter_is_there() -> None:
    assert notice_until(date(2026, 3, 2)) == date(2026, 3, 19)
