"""The numbered invariants of a round, on hundreds of small hostile markets.

1 to 6 are counted here once more in plain loops, beside the engine's own checker.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import integers
from numpy.random import default_rng

from bench.bound import most_money
from bench.markets import generated
from matching.engine.book import open_book
from matching.engine.check import check
from matching.engine.eligibility import Eligibility, buckets_of
from matching.engine.explain import level_of_stake
from matching.engine.limits import Reason
from matching.engine.pour import Outcome
from matching.engine.problem import UNIT_CENTS, Market, market
from matching.engine.result import Result
from matching.engine.solve import solve
from tests.matching.markets import shuffled, small_market
from tests.matching.oracle import Mandate, Oracle, engine_stakes, oracle_stakes
from tests.matching.replay import Moment, Replay
from tests.matching.rounds import COUNT, solved

ROOT = Path(__file__).resolve().parents[2]


def rows(result: Result) -> list[tuple[int, int, int]]:
    """Every stake as (mandate, request, cents)."""
    stakes = result.stakes
    columns = (stakes.mandates, stakes.requests, stakes.amount_cents)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def totals(result: Result, key: str) -> Counter[tuple[int, ...]]:
    """Cents per lender, mandate, (mandate, grade) or request."""
    found: Counter[tuple[int, ...]] = Counter()
    mandates, requests = result.market.mandates, result.market.requests
    for mandate, request, cents in rows(result):
        keys = {
            "lender": (int(mandates.lender_ids[mandate]),),
            "mandate": (mandate,),
            "room": (mandate, int(requests.grade[request])),
            "request": (request,),
        }
        found[keys[key]] += cents
    return found


def test_the_markets_are_hostile_enough_to_mean_something():
    outcomes = Counter(int(o) for result in solved() for o in result.outcome)
    reasons = Counter(int(r) for result in solved() for r in result.stakes.reason)
    assert all(outcomes[outcome] for outcome in Outcome)
    assert all(reasons[reason] for reason in Reason)


def test_invariant_1_stakes_are_whole_units_above_the_minimum_and_one_per_lender_and_request():
    for result in solved():
        mandates = result.market.mandates
        pairs = Counter((int(mandates.lender_ids[m]), r) for m, r, _ in rows(result))
        assert set(pairs.values()) <= {1}
        for mandate, _, cents in rows(result):
            assert cents % UNIT_CENTS == 0 and cents >= mandates.min_stake_cents[mandate] > 0


def test_invariant_2_no_lender_places_more_than_its_cash():
    for result in solved():
        lenders = result.market.lenders
        cash = dict(zip(lenders.ids.tolist(), lenders.cash_cents.tolist(), strict=True))
        assert all(cents <= cash[key[0]] for key, cents in totals(result, "lender").items())


def test_invariant_3_no_mandate_exceeds_its_room_in_a_grade_or_its_budget():
    for result in solved():
        mandates = result.market.mandates
        assert all(c <= mandates.room_cents[key] for key, c in totals(result, "room").items())
        assert all(c <= mandates.budget_cents[key] for key, c in totals(result, "mandate").items())


def test_invariant_4_no_stake_exceeds_the_caps_per_loan_and_per_borrower():
    class Caps(Replay):
        def look(self, moment: Moment) -> None:
            for mandate in moment.able:
                units, limits = moment.taken[mandate.id], self.limits(mandate, moment.request, 0)
                assert units <= limits["loan_cap"] and units <= limits["borrower_cap"]

    for result in solved():
        Caps(result).run()


def test_invariant_5_every_request_gets_nothing_or_the_whole_or_a_part_that_suffices():
    parts = 0
    for result in solved():
        placed, requests = totals(result, "request"), result.market.requests
        for request, units in enumerate(requests.target_units().tolist()):
            cents, least = placed[request,], int(requests.least_cents[request])
            if result.outcome[request] == Outcome.PART:
                parts += 1
                assert min(least, units * UNIT_CENTS) <= cents < units * UNIT_CENTS
            else:
                assert cents == (units * UNIT_CENTS if result.is_funded[request] else 0)
    assert parts


def test_invariant_6_every_stake_meets_the_criteria_of_its_mandate():
    for result in solved():
        mandates, requests = result.market.mandates, result.market.requests
        for mandate, request, _ in rows(result):
            term = result.market.terms.index(int(requests.term_months[request]))
            assert mandates.grades[mandate, requests.grade[request]]
            assert mandates.terms[mandate, term]
            assert mandates.purposes[mandate, requests.purpose[request]]
            assert requests.mark[request] <= mandates.max_mark[mandate]
            rate = result.rate[request]
            assert requests.floor_rate[request] <= rate <= requests.rate[request]
            assert mandates.min_rate[mandate] <= rate <= mandates.max_rate[mandate]
            assert rate - requests.loss_rate[request] >= mandates.min_net_rate[mandate]
            assert not (requests.traits[request] & mandates.refused[mandate]).any()


def test_invariant_7_the_order_of_the_rows_changes_nothing():
    rng = default_rng(7)
    for result in solved():
        assert solve(shuffled(result.market, rng), result.seed).sha256 == result.sha256


def test_invariant_7_another_process_with_another_hash_seed_decides_the_same():
    program = (
        "from tests.matching.markets import small_market\n"
        "from matching.engine.solve import solve\n"
        "print(*[solve(small_market(seed), seed).sha256 for seed in range(40)])\n"
    )
    here = " ".join(result.sha256 for result in solved()[:40])
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == here


def test_invariant_8_no_skipped_request_could_be_filled_from_what_is_left():
    for result in solved():
        after = Replay(result)
        after.run()
        for bucket in after.buckets:
            for request, target in zip(bucket.requests, bucket.targets, strict=True):
                is_auction = result.market.requests.is_auction[request]
                if target and not result.is_funded[request] and not is_auction:
                    sums = {0}
                    for mandate in bucket.mandates:
                        cap = after._cap(mandate, request, target)
                        sizes = range(mandate.minimum, cap + 1)
                        sums |= {a + b for a in sums for b in sizes if a + b <= target}
                    assert not sums & set(range(after._least(request), target + 1))


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


def test_invariant_10_the_pour_equals_a_plain_heap_stake_for_stake():
    for result in solved():
        stakes = engine_stakes(result.market, result.stakes)
        assert stakes == oracle_stakes(result.market, result.seed)


@given(seed=integers(COUNT, 10**9))
def test_invariant_10_holds_on_any_market(seed):
    market = small_market(seed)
    assert engine_stakes(market, solve(market, seed).stakes) == oracle_stakes(market, seed)


def test_invariant_10_holds_where_only_the_nearest_lenders_are_looked_at():
    for seed in range(2):
        given = generated(300, 20, cash_per_demand=3, seed=seed)
        assert engine_stakes(given, solve(given, seed).stakes) == oracle_stakes(given, seed)


def test_invariant_11_lenders_who_swap_names_swap_what_they_get():
    for result in solved():
        given, rng = result.market, default_rng(result.seed)
        idle = rng.permutation(len(given.lenders.ids))  # nobody ties, so no lot is asked
        given = replace(given, lenders=replace(given.lenders, idle_days=idle))
        names = dict(
            zip(given.lenders.ids.tolist(), rng.permutation(given.lenders.ids), strict=True)
        )
        swapped = _renamed(given, names)
        before, after = solve(given, 1), solve(swapped, 1)
        assert engine_stakes(given, before.stakes) == engine_stakes(swapped, after.stakes)


def _renamed(given: Market, names: dict[int, int]) -> Market:
    def new(ids: np.ndarray) -> np.ndarray:
        return np.array([names[old] for old in ids.tolist()], np.int64)

    return market(
        terms=given.terms,
        purposes=given.purposes,
        traits=given.traits,
        lenders=replace(given.lenders, ids=new(given.lenders.ids)),
        mandates=replace(given.mandates, lender_ids=new(given.mandates.lender_ids)),
        requests=given.requests,
        exposures=replace(given.exposures, lender_ids=new(given.exposures.lender_ids)),
        offers=replace(given.offers, lender_ids=new(given.offers.lender_ids)),
    )


def test_invariant_12_a_lender_who_fits_nowhere_gets_nothing_and_changes_nothing():
    tried = 0
    for result in solved():
        given = result.market
        book = open_book(given, result.seed)
        eligible = Eligibility(book, buckets_of(given))
        taking = {owner for _, found in eligible for owner in book.owner[found].tolist()}
        outside = [at for at in range(len(book.cash)) if at not in taking]
        if not outside:
            continue
        tried += 1
        gone = given.lenders.ids[book.lender_at[outside]]
        rest = _without(given, gone)
        assert engine_stakes(rest, solve(rest, result.seed).stakes) == engine_stakes(
            given, result.stakes
        )
    assert tried > 50


def _without(given: Market, lender_ids: np.ndarray) -> Market:
    def kept(table, ids):
        chosen = ~np.isin(ids, lender_ids)
        names = type(table).__dataclass_fields__
        return type(table)(**{name: getattr(table, name)[chosen] for name in names})

    return market(
        terms=given.terms,
        purposes=given.purposes,
        traits=given.traits,
        lenders=kept(given.lenders, given.lenders.ids),
        mandates=kept(given.mandates, given.mandates.lender_ids),
        requests=given.requests,
        exposures=kept(given.exposures, given.exposures.lender_ids),
        offers=kept(given.offers, given.offers.lender_ids),
    )


def test_invariant_13_no_more_is_funded_than_the_largest_flow():
    for result in solved():
        assert result.funded_cents <= most_money(result.market)


@pytest.mark.parametrize("cash_per_demand", [0.5, 1, 2])
def test_invariant_13_nearly_all_of_the_largest_flow_is_funded(cash_per_demand):
    given = generated(10_000, 1_000, cash_per_demand=cash_per_demand, seed=1)
    assert solve(given, 1).funded_cents >= 0.985 * most_money(given)


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


def test_the_checker_passes_what_the_engine_decides():
    for seed in range(300, 330):
        result = solve(small_market(seed), seed)
        stakes = result.stakes
        check(result.market, stakes.mandates, stakes.requests, stakes.amount_cents)


def test_the_oracle_is_no_copy_that_funds_nothing():
    assert sum(len(Oracle(r.market, r.seed).run().stakes) for r in solved()[:20]) > 50
