"""Invariant 14: what a round owes goes into the next, so that everybody is served in time."""

from __future__ import annotations

import numpy as np

from matching.engine.levels import LARGEST_ATTAINABLE
from matching.engine.problem import UNIT_CENTS
from matching.engine.solve import solve
from tests.matching.markets import plain_market, with_owed
from tests.matching.oracle import engine_stakes
from tests.matching.rounds import solved


def test_invariant_14_the_carry_moves_by_the_fair_share_less_what_was_placed():
    for result in solved():
        lenders = result.market.lenders
        total = int(result.attainable_cents.sum())
        share = result.funded_cents / max(total, 1)
        moved = result.owed_cents - lenders.owed_cents
        fair = share * np.minimum(result.attainable_cents, LARGEST_ATTAINABLE)
        free = np.abs(result.owed_cents) < lenders.cash_cents
        assert (np.abs(moved - (fair - result.placed_cents))[free] <= 2).all()
        assert (np.abs(result.owed_cents) <= lenders.cash_cents).all()


def test_invariant_14_the_carry_sums_to_nothing_where_no_clamp_bites():
    result = solve(plain_market(cash=[10**7] * 40, amounts=[100_000, 250_000]), 5)
    assert -40 <= int(result.owed_cents.sum()) <= 0


def test_invariant_14_who_is_owed_half_a_first_stake_goes_before_all_who_are_owed_nothing():
    owed = [0, 0, 0, UNIT_CENTS // 2, 0, UNIT_CENTS // 2]
    idle = [30, 30, 30, 0, 30, 0]  # the tie rule alone would serve the others
    given = plain_market(cash=[10**6] * 6, amounts=[2 * UNIT_CENTS], owed=owed, idle=idle)
    result = solve(given, 1)
    assert set(engine_stakes(given, result.stakes)) == {(40, 100), (60, 100)}
    assert (result.stakes.level <= 0).all()


def test_carry_serves_in_twenty_rounds_those_whom_single_rounds_would_forget():
    count = 300
    cash = [3_000 + 900 * at for at in range(count)]

    def served(*, carried: bool) -> tuple[float, int]:
        placed = np.zeros(count, np.int64)
        given = plain_market(cash=cash, amounts=[250_000] * 3)
        for number in range(20):
            result = solve(given, number)
            placed += result.placed_cents
            if carried:
                given = with_owed(given, result.owed_cents)
        rates = placed / np.array(cash)
        return float(rates.sum() ** 2 / (count * (rates**2).sum())), int((placed == 0).sum())

    jain, forgotten = served(carried=True)
    assert jain > 0.9 and forgotten <= count // 100
    assert served(carried=False)[0] < jain - 0.1
