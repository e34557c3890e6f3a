"""The independent checker refuses each kind of breach and names its invariant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.engine.check import BrokenRound, check
from matching.engine.problem import UNIT_CENTS, Market, Pairs
from tests.matching.markets import plain_market

U = UNIT_CENTS


def broken(given: Market, *stakes: tuple[int, int, int]) -> int:
    """The number of the invariant that the stakes (mandate, request, cents) break."""
    columns = zip(*stakes, strict=True)
    mandates, requests, cents = (np.array(column, np.int64) for column in columns)
    with pytest.raises(BrokenRound) as caught:
        check(given, mandates, requests, cents)
    return caught.value.invariant


def the_market(**limits: int) -> Market:
    return plain_market(cash=[8 * U, 8 * U], amounts=[4 * U, 6 * U], **limits)


def test_a_round_that_keeps_every_rule_passes():
    check(the_market(), np.array([0, 1]), np.array([0, 0]), np.array([2 * U, 2 * U]))


@pytest.mark.parametrize("stakes", [[(0, 0, U)], [(0, 0, 2 * U + 1), (1, 0, 2 * U - 1)]])
def test_a_stake_below_the_minimum_or_off_the_unit_breaks_1(stakes):
    assert broken(the_market(min_stake_cents=2 * U), *stakes) == 1


def test_two_stakes_of_one_lender_in_one_request_break_1():
    assert broken(the_market(), (0, 0, 2 * U), (0, 0, 2 * U)) == 1


def test_more_than_the_cash_breaks_2():
    assert broken(the_market(), (0, 0, 4 * U), (0, 1, 6 * U)) == 2


def test_more_than_the_room_or_the_budget_breaks_3():
    given = the_market()
    given.mandates.room_cents[0, 0] = 3 * U
    assert broken(given, (0, 0, 4 * U)) == 3
    assert broken(the_market(budget_cents=3 * U), (0, 0, 4 * U)) == 3


def test_more_than_the_caps_breaks_4():
    assert broken(the_market(max_per_loan_cents=3 * U), (0, 0, 4 * U)) == 4
    assert broken(the_market(max_per_borrower_cents=3 * U), (0, 0, 4 * U)) == 4


def test_earlier_offers_and_loans_count_for_the_caps():
    held = Pairs(np.array([1]), np.array([100]), np.array([2 * U]))
    given = replace(the_market(max_per_loan_cents=4 * U), offers=held)
    assert broken(given, (0, 0, 4 * U)) == 4
    held = Pairs(np.array([1]), np.array([1]), np.array([2 * U]))
    given = replace(the_market(max_per_borrower_cents=4 * U), exposures=held)
    assert broken(given, (0, 0, 4 * U)) == 4


def test_two_requests_of_one_borrower_count_together():
    given = the_market(max_per_borrower_cents=7 * U)
    given.requests.borrower_ids[:] = 1
    stakes = [(0, 0, 2 * U), (1, 0, 2 * U), (0, 1, 6 * U)]
    assert broken(given, *stakes) == 4


def test_a_part_of_a_request_breaks_5():
    assert broken(the_market(), (0, 0, 3 * U)) == 5


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("mandates", "grades", False),
        ("mandates", "terms", False),
        ("mandates", "purposes", False),
        ("mandates", "max_mark", 0),
        ("mandates", "min_rate", 5_001),
        ("mandates", "max_rate", 4_999),
    ],
)
def test_a_stake_against_the_criteria_breaks_6(table, column, value):
    given = the_market()
    getattr(getattr(given, table), column)[0] = value
    assert broken(given, (0, 0, 4 * U)) == 6
