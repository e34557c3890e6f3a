"""What the engine is compared with is right: bounds are bounds, loops and idiom keep the rules."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from bench.bound import most_money
from bench.child import alone, peak_mb
from bench.markets import generated, next_requests
from bench.matching import quality, solved, speeds
from bench.naive import LOOPS
from bench.over_time import turns
from matching.engine.problem import UNIT_CENTS, Market
from matching.engine.solve import solve

RATIOS = (0.5, 1.0, 2.0)


def small(cash_per_demand: float, seed: int = 1) -> Market:
    return generated(400, 40, cash_per_demand=cash_per_demand, seed=seed)


@pytest.mark.parametrize("cash_per_demand", RATIOS)
def test_no_more_is_placed_than_can_flow(cash_per_demand):
    market = small(cash_per_demand)
    bound, demand = most_money(market), int(market.requests.amount_cents.sum())
    assert solve(market, 1).funded_cents <= bound <= most_money(market, grouped=True)
    assert bound <= min(demand, int(market.lenders.cash_cents.sum()))


def test_the_bound_is_reached_where_cash_is_plentiful_and_never_zero():
    market = small(4)
    assert most_money(market) == market.requests.amount_cents.sum() == solve(market, 1).funded_cents


def test_a_bound_heeds_cash_and_rooms():
    market = small(1)
    half = replace(market.lenders, cash_cents=market.lenders.cash_cents // 2)
    assert 0 < most_money(replace(market, lenders=half)) < most_money(market)
    room = np.minimum(market.mandates.room_cents, UNIT_CENTS)
    narrow = replace(market, mandates=replace(market.mandates, room_cents=room))
    assert 0 < most_money(narrow) < most_money(market)


@pytest.mark.parametrize("cash_per_demand", RATIOS)
@pytest.mark.parametrize("name", LOOPS)
def test_loops_place_whole_requests_within_cash_and_bound(name, cash_per_demand):
    market = small(cash_per_demand)
    placed = LOOPS[name](market)
    cash = dict(zip(market.lenders.ids.tolist(), market.lenders.cash_cents.tolist(), strict=True))
    assert all(0 <= cents <= cash[lender] for lender, cents in placed.items())
    assert all(cents % UNIT_CENTS == 0 for cents in placed.values())
    total = sum(placed.values())
    assert 0 < total <= most_money(market)
    assert total in sums_of(market.requests.amount_cents)


def sums_of(amounts: np.ndarray) -> set[int]:
    """What whole requests can come to."""
    found = {0}
    for amount in amounts.tolist():
        found |= {total + amount for total in found}
    return found


def test_quality_and_speed_tell_of_the_market_that_was_solved():
    market = small(1)
    one, placed, attainable = quality(market, cash_per_demand=1, seed=1)
    assert one.of_bound == placed.sum() / most_money(market)
    assert (placed <= attainable).all()
    engine, flow, *loops = speeds(400, 40, seed=1, repeats=1)
    assert (engine.of_bound, flow.of_bound) == (one.of_bound, 1.0)
    assert [row.name for row in loops] == list(LOOPS)


def test_markets_are_the_same_for_the_same_seed_and_new_in_a_later_round():
    first = next_requests(40, seed=1, round_=1)
    assert (first.amount_cents == next_requests(40, seed=1, round_=1).amount_cents).all()
    assert (first.amount_cents != next_requests(40, seed=1, round_=2).amount_cents).any()


def test_the_carry_gives_small_accounts_their_turn():
    facts = {"rounds": 12, "cash_per_demand": 10, "seed": 1}
    with_carry, without = (turns(600, 10, **facts, carries=carries) for carries in (True, False))
    assert with_carry.lenders == without.lenders
    assert with_carry.never < without.never
    assert with_carry.jain > without.jain


def test_a_child_tells_its_own_memory_and_not_its_parents():
    kept = bytearray(300 * 2**20)
    kept[:: 2**12] = b"x" * len(kept[:: 2**12])
    there = alone(os.getpid)
    assert there.value != os.getpid()
    assert 5 < there.peak_mb < 250 < peak_mb()
    assert alone(solved, 200, 20, 1.0, 1, 1).value.requests == 20
