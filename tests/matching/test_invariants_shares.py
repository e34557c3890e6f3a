"""Invariants 8, 9, 13 and 15: as much as can be, in the right order, with reasons that are true."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bench.bound import most_money
from bench.markets import generated
from matching.engine.explain import level_of_stake
from matching.engine.limits import Reason
from matching.engine.pour import Outcome
from matching.engine.problem import PURE_PRICE, UNIT_CENTS
from matching.engine.solve import solve
from tests.matching.oracle import Mandate
from tests.matching.replay import Moment, Replay
from tests.matching.rounds import solved
from tests.seeds import seeds, tried

pytestmark = pytest.mark.soak


def test_invariant_8_no_skipped_request_could_be_filled_from_what_is_left():
    for result in solved():
        after = Replay(result)
        after.run()
        for bucket in after.buckets:
            for request, target in zip(bucket.requests, bucket.targets, strict=True):
                if not target or result.is_funded[request]:
                    continue
                caps = {m.id: after._cap(m, request, target) for m in bucket.mandates}
                least = after._least(request)
                for able in circles(after, bucket.mandates, request, caps, target):
                    assert not sums(able, caps, target) & set(range(least, target + 1))


def circles(
    after: Replay, mandates: list[Mandate], request: int, caps: dict[int, int], target: int
) -> Iterator[list[Mandate]]:
    """Those who could have filled a request: all, or in an auction the bidders at each price."""
    asked = after.market.requests
    if not asked.is_auction[request]:
        yield mandates
        return
    able = [m for m in mandates if caps[m.id] >= m.minimum]
    top = int(asked.rate[request])
    for price in after.prices(request):
        bidders = after.bidders(able, request, price)
        offered = sum(caps[m.id] for m in bidders)
        if price == top or offered * PURE_PRICE >= target * int(asked.coverage[request]):
            yield bidders


def sums(mandates: list[Mandate], caps: dict[int, int], target: int) -> set[int]:
    """Every amount up to the target that the mandates can place together."""
    found = {0}
    for mandate in mandates:
        sizes = range(mandate.minimum, caps[mandate.id] + 1)
        found |= {a + b for a in found for b in sizes if a + b <= target}
    return found


def test_invariant_9_nobody_who_stood_lower_was_left_out_for_one_who_stood_higher():
    class Envy(Replay):
        def order(self, mandate: Mandate, units: int, size: int) -> tuple[int, int, int, int]:
            lender = mandate.lender
            return (self._level(lender, units, size), -lender.idle, lender.lot, lender.id)

        def look(self, moment: Moment) -> None:
            if moment.is_fitted:
                return
            served = []
            for mandate in moment.able:
                given = 0
                while given < moment.taken[mandate.id]:
                    size = 1 if given else moment.first[mandate.id]
                    served.append((self.order(mandate, given, size), size))
                    given += size
            last = max(served)[0]
            for mandate in moment.able:
                given = moment.taken[mandate.id]
                size = 1 if given else moment.first[mandate.id]
                if given + size <= moment.caps[mandate.id]:
                    turn = self.order(mandate, given, size)
                    left = moment.target - sum(size for key, size in served if key < turn)
                    assert turn > last or left < size

    for result in solved():
        Envy(result).run()


def test_invariant_13_no_more_is_funded_than_the_largest_flow():
    for result in solved():
        assert result.funded_cents <= most_money(result.market)


@pytest.mark.parametrize("cash_per_demand", [0.5, 1, 2])
def test_invariant_13_nearly_all_of_the_largest_flow_is_funded(cash_per_demand):
    for seed in tried(seeds(few=1, many=4)):
        given = generated(10_000, 1_000, cash_per_demand=cash_per_demand, seed=seed)
        assert solve(given, seed).funded_cents >= 0.985 * most_money(given)


def test_invariant_15_levels_and_reasons_follow_from_the_stored_numbers():
    class Reasons(Replay):
        def look(self, moment: Moment) -> None:
            stakes, ids = self.result.stakes, self.market.mandates.ids
            told = {
                int(ids[stakes.mandates[at]]): Reason(int(stakes.reason[at])).name.lower()
                for at in np.flatnonzero(stakes.requests == moment.request)
            }
            for mandate in moment.able:
                units = moment.taken[mandate.id]
                if not units:
                    continue
                limits = self.limits(mandate, moment.request, moment.target)
                if units < min(limits.values()):
                    assert told[mandate.id] == "level"
                else:
                    assert limits[told[mandate.id]] == units

    for result in solved():
        stakes = result.stakes
        again = [
            level_of_stake(before, cents, last * UNIT_CENTS, base)
            for before, cents, last, base in zip(
                stakes.before_cents.tolist(),
                stakes.amount_cents.tolist(),
                stakes.last.tolist(),
                stakes.base.tolist(),
                strict=True,
            )
        ]
        assert again == stakes.level.tolist()
        Reasons(result).run()


def test_invariant_15_every_skipped_request_stores_its_shortfall_and_what_held_it_back():
    for result in solved():
        told = {skipped.request: skipped for skipped in result.skipped}
        missing = np.isin(result.outcome, (Outcome.SHORT, Outcome.UNFIT))
        assert sorted(told) == np.flatnonzero(missing).tolist()
        for skipped in told.values():
            target = int(result.market.requests.target_units()[skipped.request])
            assert 0 < skipped.short_units <= target
            assert sum(skipped.limited) == skipped.lenders
            if result.outcome[skipped.request] == Outcome.SHORT:
                assert skipped.short_units + skipped.idle_units == target
