"""Requests that may be filled in part: the whole first, else as much as fits and suffices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.engine.pour import Outcome
from matching.engine.problem import UNIT_CENTS as U
from matching.engine.problem import Market
from matching.engine.solve import solve
from tests.matching.markets import plain_market


def in_part(given: Market, least_units: int) -> Market:
    """The market with a request that is content with so many units."""
    least = np.array([least_units * U])
    return replace(given, requests=replace(given.requests, least_cents=least))


def test_the_whole_is_placed_where_it_can_be() -> None:
    result = solve(in_part(plain_market(cash=[6 * U, 6 * U], amounts=[10 * U]), 7), 1)
    assert result.funded_cents == 10 * U
    assert result.outcome.tolist() == [Outcome.FUNDED]


def test_all_that_there_is_becomes_the_part() -> None:
    result = solve(in_part(plain_market(cash=[4 * U, 4 * U], amounts=[10 * U]), 7), 1)
    assert result.funded_cents == 8 * U
    assert result.outcome.tolist() == [Outcome.PART]


def test_less_than_the_least_is_left_alone() -> None:
    result = solve(in_part(plain_market(cash=[3 * U, 3 * U], amounts=[10 * U]), 7), 1)
    assert not result.funded_cents
    assert result.outcome.tolist() == [Outcome.SHORT]
    assert result.skipped[0].short_units == 4


def test_stakes_that_do_not_fit_the_whole_make_the_largest_part_that_fits() -> None:
    # Three pieces of 4 units: 12 is too much for 10, 8 is the largest sum below.
    given = plain_market(
        cash=[4 * U] * 3, amounts=[10 * U], min_stake_cents=4 * U, max_per_loan_cents=4 * U
    )
    result = solve(in_part(given, 7), 1)
    assert result.funded_cents == 8 * U
    assert result.outcome.tolist() == [Outcome.PART]


def test_stakes_that_fit_no_part_that_suffices_are_not_placed() -> None:
    given = plain_market(
        cash=[6 * U] * 2, amounts=[10 * U], min_stake_cents=6 * U, max_per_loan_cents=6 * U
    )
    result = solve(in_part(given, 7), 1)
    assert result.outcome.tolist() == [Outcome.UNFIT]
    assert result.skipped[0].short_units == 4
