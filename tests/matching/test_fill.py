"""Dealing out one request, by worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from matching.engine.fill import Lots, deal
from matching.engine.fitting import fitting_members
from matching.engine.levels import level_of_one, levels, units_within
from matching.engine.pour import Outcome, fitted
from matching.engine.problem import NO_LIMIT, UNIT_CENTS
from matching.engine.solve import solve
from tests.matching.markets import plain_market
from tests.matching.oracle import engine_stakes

EURO_BASE = 100 * 16  # a base of one euro, in sixteenths of a cent


def lots(*rows: tuple[int, int, int, int]) -> Lots:
    """Rows of (already placed in units, base in euros, cap, first portion)."""
    placed, euros, cap, first = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Lots(2 * placed * UNIT_CENTS, euros * EURO_BASE, cap, first)


def test_equal_lenders_get_equal_stakes_and_the_spare_units_go_to_the_first():
    units = deal(8, lots(*[(0, 100, 9, 1)] * 3))
    assert units is not None and units.tolist() == [3, 3, 2]


def test_stakes_follow_the_base():
    units = deal(12, lots((0, 100, 12, 1), (0, 200, 12, 1), (0, 300, 12, 1)))
    assert units is not None and units.tolist() == [2, 4, 6]


def test_who_has_placed_less_comes_first():
    units = deal(3, lots((5, 100, 9, 1), (0, 100, 9, 1), (4, 100, 9, 1)))
    assert units is not None and units.tolist() == [0, 3, 0]


def test_a_first_portion_that_no_longer_fits_is_passed_over():
    units = deal(5, lots((0, 100, 4, 4), (0, 100, 4, 4), (0, 50, 2, 1)))
    assert units is not None and units.tolist() == [4, 0, 1]


def test_nothing_is_dealt_when_portions_cannot_fit():
    assert deal(5, lots((0, 100, 4, 4), (0, 100, 4, 4))) is None


def test_the_rescue_fits_what_the_queue_could_not():
    tried = lots((0, 300, 4, 1), (0, 100, 4, 4), (0, 90, 4, 4))
    assert deal(6, tried) is None
    units, best = fitted(6, tried)
    assert units is not None and units.tolist() == [2, 4, 0] and best == 6


def test_the_rescue_tells_the_largest_sum_that_fits():
    units, best = fitted(7, lots((0, 100, 4, 4), (0, 100, 4, 4)))
    assert units is None and best == 4


@pytest.mark.parametrize("target", range(1, 40))
def test_fitting_finds_a_choice_exactly_when_there_is_one(target):
    rng = np.random.default_rng(target)
    minimum = rng.integers(2, 8, 7)
    cap = minimum + rng.integers(0, 3, 7)
    sums = {0}
    for least, most in zip(minimum.tolist(), cap.tolist(), strict=True):
        sums |= {a + b for a in sums for b in range(least, most + 1)}
    members, best = fitting_members(target, minimum.tolist(), cap.tolist())
    assert bool(members) == (target in sums)
    assert best == max(total for total in sums if total <= target)
    if members:
        assert minimum[members].sum() <= target <= cap[members].sum()


def test_units_within_a_level_are_those_whose_levels_do_not_exceed_it():
    rng = np.random.default_rng(3)
    for _ in range(200):
        head = rng.integers(-(2**39), 2**39, 20) // int(rng.choice((1, 2**20)))
        base = rng.integers(1, 2**36, 20) // int(rng.choice((1, 2**30))) + 1
        first = rng.integers(1, 9, 20)
        cap = first + rng.integers(0, 60, 20)
        bound = int(rng.choice(levels(head, 0 * head, first, base)))
        found = units_within(bound, head, first, cap, base)
        for at in range(20):
            row = int(head[at]), int(base[at])
            count = 0
            size = int(first[at])
            while count + size <= cap[at] and level_of_one(row[0], count, size, row[1]) <= bound:
                count, size = count + size, 1
            assert found[at] == count


def test_one_lender_with_the_largest_sums_that_a_market_may_hold():
    whole = NO_LIMIT // UNIT_CENTS * UNIT_CENTS
    result = solve(plain_market(cash=[NO_LIMIT], amounts=[whole], owed=[-NO_LIMIT]), 0)
    assert result.funded_cents == whole and result.owed_cents.tolist() == [-NO_LIMIT]


def test_a_preferred_stake_makes_fewer_and_larger_stakes():
    small = solve(plain_market(cash=[10**6] * 50, amounts=[10**6]), 1)
    large = solve(
        plain_market(cash=[10**6] * 50, amounts=[10**6], preferred_stake_cents=100_000), 1
    )
    assert len(small.stakes) == 50 and len(large.stakes) == 10


def test_the_whole_is_what_mandates_may_place_where_their_share_is_capped():
    given = plain_market(cash=[10**6], amounts=[100_000])
    given.requests.robot_room_cents[:] = 52_600
    result = solve(given, 1)
    assert engine_stakes(given, result.stakes) == {(10, 100): 21}
    assert result.outcome.tolist() == [Outcome.FUNDED]


def test_an_empty_market_has_an_empty_round():
    for given in (
        plain_market(cash=[], amounts=[]),
        plain_market(cash=[], amounts=[25_000]),
        plain_market(cash=[25_000], amounts=[]),
    ):
        assert len(solve(given, 1).stakes) == 0
