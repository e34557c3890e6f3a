"""Invariants 7, 10, 11 and 12: what may change nothing, neither names nor order nor the way."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import integers
from numpy.random import default_rng

from bench.markets import generated
from matching.engine.problem import Market, market
from matching.engine.solve import solve
from tests.matching.markets import shuffled, small_market
from tests.matching.oracle import Oracle, engine_stakes, oracle_stakes
from tests.matching.outsiders import without_outsiders
from tests.matching.rounds import SEEDS, solved

pytestmark = pytest.mark.soak

ROOT = Path(__file__).resolve().parents[2]


def test_invariant_7_the_order_of_the_rows_changes_nothing():
    rng = default_rng(7)
    for result in solved():
        assert solve(shuffled(result.market, rng), result.seed).sha256 == result.sha256


def test_invariant_7_another_process_with_another_hash_seed_decides_the_same():
    seeds = SEEDS[:300]
    program = (
        "from tests.matching.markets import small_market\n"
        "from matching.engine.solve import solve\n"
        f"print(*[solve(small_market(seed), seed).sha256 for seed in {seeds}])\n"
    )
    here = " ".join(result.sha256 for result in solved(len(seeds)))
    for hash_seed in ("1", "4242"):
        told = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == here


def test_large_markets_are_priced_as_small_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("matching.engine.plan._SMALL", 0)
    for result in solved(200):
        assert solve(result.market, result.seed).sha256 == result.sha256


def test_invariant_10_the_pour_equals_a_plain_heap_stake_for_stake():
    for result in solved():
        stakes = engine_stakes(result.market, result.stakes)
        assert stakes == oracle_stakes(result.market, result.seed)


@given(seed=integers(2_000, 10**9))
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
        rest = without_outsiders(result.market)
        if rest is None:
            continue
        tried += 1
        after = solve(rest, result.seed)
        assert engine_stakes(rest, after.stakes) == engine_stakes(result.market, result.stakes)
    assert tried > len(SEEDS) // 6


def test_the_oracle_is_no_copy_that_funds_nothing():
    assert sum(len(Oracle(r.market, r.seed).run().stakes) for r in solved(20)) > 50
