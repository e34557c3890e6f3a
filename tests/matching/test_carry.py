"""Invariant 14: what a round owes goes into the next, so that everybody is served in time."""

from __future__ import annotations

import numpy as np
import pytest

from matching.engine.levels import LARGEST_ATTAINABLE
from matching.engine.problem import UNIT_CENTS
from matching.engine.solve import solve
from tests.matching.markets import plain_market, with_owed
from tests.matching.oracle import Mandate, engine_stakes
from tests.matching.replay import Moment, Replay
from tests.matching.rounds import SEEDS, solved

pytestmark = pytest.mark.soak


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


class Claims(Replay):
    """Looks at what becomes of lenders who are owed half their first stake or more."""

    checked = 0

    def owed(self, mandate: Mandate) -> int:
        return mandate.lender.owed - mandate.lender.placed

    def look(self, moment: Moment) -> None:
        first = {m.id: moment.first[m.id] for m in moment.able}
        claiming = [m for m in moment.able if 2 * self.owed(m) >= first[m.id] * UNIT_CENTS]
        for mandate in moment.able:
            level = self._level(mandate.lender, 0, first[mandate.id])
            assert (level <= 0) == (mandate in claiming)
        if moment.is_fitted:
            return
        others = [m for m in moment.able if self.owed(m) <= 0 and moment.taken[m.id]]
        ahead = sum(self.served_at_or_below_zero(m, moment) for m in moment.able)
        for mandate in claiming if others else []:
            if not moment.taken[mandate.id]:  # passed over, as its first stake was too large
                assert ahead + first[mandate.id] > moment.target
            Claims.checked += 1

    def served_at_or_below_zero(self, mandate: Mandate, moment: Moment) -> int:
        """Units of its stake that come before everybody who is owed nothing."""
        given, taken = 0, moment.taken[mandate.id]
        while given < taken:
            size = 1 if given else moment.first[mandate.id]
            if self._level(mandate.lender, given, size) > 0:
                break
            given += size
        return given


def test_invariant_14_a_claim_of_half_a_first_stake_goes_before_all_who_have_none():
    Claims.checked = 0
    for result in solved():
        Claims(result).run()
        later = with_owed(result.market, result.owed_cents)
        Claims(solve(later, result.seed)).run()
    assert Claims.checked > len(SEEDS) // 4


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
