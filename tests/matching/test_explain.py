"""Why a stake is as large as it is, and why a request was left alone."""

from __future__ import annotations

import numpy as np

from matching.engine.explain import Filter, blockers, next_level_of_stake, per_mille, refusals
from matching.engine.levels import LEVEL_BITS
from matching.engine.limits import Reason
from matching.engine.problem import UNIT_CENTS
from matching.engine.solve import solve
from tests.matching.markets import plain_market
from tests.matching.rounds import solved

U = UNIT_CENTS


def test_a_stake_held_back_by_its_level_stands_next_after_all_who_were_served():
    checked = 0
    for result in solved():
        stakes = result.stakes
        is_fixed = ~result.market.requests.is_auction
        for request in np.flatnonzero((result.outcome == 0) & is_fixed):
            at = np.flatnonzero(stakes.requests == request)
            last = int(stakes.level[at].max())
            for row in at[stakes.reason[at] == Reason.LEVEL]:
                checked += 1
                assert last <= next_level_of_stake(
                    int(stakes.before_cents[row]),
                    int(stakes.amount_cents[row]),
                    int(stakes.base[row]),
                )
    assert checked > 1_000


def test_a_level_of_one_is_a_thousand_per_mille():
    assert per_mille(1 << LEVEL_BITS) == 1_000


def test_a_request_without_enough_money_names_the_cash():
    given = plain_market(cash=[2 * U, 3 * U], amounts=[10 * U])
    result = solve(given, 1)
    (skipped,) = result.skipped
    assert (skipped.short_units, skipped.lenders, skipped.idle_units) == (5, 2, 5)
    assert [(one.name, one.mandates) for one in blockers(given, skipped)] == [("cash", 2)]


def test_filters_that_alone_keep_mandates_out_are_named_with_their_number():
    given = plain_market(cash=[9 * U] * 6, amounts=[10 * U])
    given.mandates.min_rate[:3] = 9_000
    given.mandates.max_mark[2:5] = 0
    given.mandates.room_cents[5] = 4 * U
    (skipped,) = solve(given, 1).skipped
    found = [(one.name, one.mandates) for one in blockers(given, skipped)]
    assert found == [("mark", 2), ("rate_too_low", 2), ("room", 1)]


def test_refusals_name_every_filter_that_a_request_fails():
    given = plain_market(cash=[9 * U] * 2, amounts=[10 * U, 10 * U])
    given.mandates.grades[0, 0] = False
    given.mandates.max_rate[0] = 100
    given.requests.rate[1] = given.requests.floor_rate[1] = 50
    found = refusals(given, np.arange(2), np.arange(2))
    assert found.tolist() == [[Filter.GRADE | Filter.RATE_TOO_HIGH, Filter.GRADE], [0, 0]]
