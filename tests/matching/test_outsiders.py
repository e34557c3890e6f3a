"""Lenders whom no request suits: what they refuse and how many they are changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.engine.book import open_book
from matching.engine.eligibility import Eligibility, grouped
from matching.engine.problem import Market
from matching.engine.rules import (
    BEFORE_AUCTIONS,
    FEWER_ITERATIONS,
    HEEDING_OUTSIDERS,
    RULE_VERSION,
    Rules,
    rules_of,
)
from matching.engine.solve import solve
from tests.matching.markets import plain_market, small_market
from tests.matching.oracle import engine_stakes, oracle_stakes
from tests.matching.outsiders import without_outsiders

SEED = 486085139
"""A market in which three of thirteen lenders fit nowhere and alone refuse one of the traits."""
DECIDED = {
    HEEDING_OUTSIDERS: "9e87682acd9f39b13f84179ff7dd8e75035c087072ba8059c76c3460324f3e5c",
    FEWER_ITERATIONS: "11c759acca256bbbc50c28637cce259c242b6b81b00c31f13d7370bf3616efc4",
    BEFORE_AUCTIONS: "892a259a2c929f1cc95672a3b0f184a6a538f36facbd3576268fbf832a8026ed",
}
"""What releases with earlier rules made of it."""
U = 2_500


def changes_something(given: Market, rest: Market, rules: str) -> bool:
    """Whether the lenders who are not in `rest` change what the others get."""
    before, after = solve(given, 1, rules), solve(rest, 1, rules)
    return engine_stakes(given, before.stakes) != engine_stakes(rest, after.stakes)


def test_a_trait_that_only_outsiders_refuse_moves_nobodys_money():
    given = small_market(SEED)
    rest = without_outsiders(given)
    assert rest is not None
    assert len(given.lenders.ids) == 13 and len(rest.lenders.ids) == 10
    assert not changes_something(given, rest, RULE_VERSION)
    assert changes_something(given, rest, HEEDING_OUTSIDERS)
    assert engine_stakes(given, solve(given, SEED).stakes) == oracle_stakes(given, SEED)


@pytest.mark.parametrize("rules", DECIDED)
def test_earlier_rules_decide_as_they_did(rules: str):
    assert solve(small_market(SEED), SEED, rules).sha256_by(rules) == DECIDED[rules]


def traited(
    cash: list[int], refused: list[tuple[bool, bool]], traits: list[tuple[bool, bool]]
) -> Market:
    """Requests for 4 units each, of borrowers who paid late or live in a region."""
    given = plain_market(cash=[units * U for units in cash], amounts=[4 * U] * len(traits))
    return replace(
        given,
        traits=("late", "region:1"),
        mandates=replace(given.mandates, refused=np.array(refused)),
        requests=replace(given.requests, traits=np.array(traits)),
    )


NOTHING, LATE, REGION, BOTH = (False, False), (True, False), (False, True), (True, True)


def test_requests_stay_together_when_only_somebody_without_money_tells_them_apart():
    given = traited([5, 5, 0], [NOTHING, NOTHING, LATE], [LATE, NOTHING])
    result = solve(given, 1)
    assert len(result.buckets) == 1
    assert result.funded_cents == 8 * U
    assert len(solve(given, 1, HEEDING_OUTSIDERS).buckets) == 2


def test_requests_are_told_apart_when_somebody_who_takes_part_refuses_one():
    given = traited([9, 9, 0], [NOTHING, LATE, REGION], [LATE, NOTHING, REGION])
    result = solve(given, 1)
    traits = [result.buckets.trait_sets[at].tolist() for at in result.buckets.trait_set]
    assert traits == [[False, False], [True, False]]
    assert result.bucket_of.tolist() == [1, 0, 0]
    stakes = engine_stakes(given, result.stakes)
    assert (20, 100) not in stakes and stakes[10, 100] == 4
    assert result.funded_cents == 12 * U


def test_who_refuses_a_trait_that_divides_nothing_is_not_dealt_in():
    """The third lender has the most money and refuses both requests, as both paid late."""
    given = traited([5, 5, 90], [NOTHING, NOTHING, LATE], [LATE, BOTH])
    result = solve(given, 1)
    assert len(result.buckets) == 1
    assert result.placed_cents[2] == result.attainable_cents[2] == 0
    assert result.funded_cents == 8 * U
    assert result.pairs == 4


def test_a_sample_of_everybody_has_the_same_lists():
    """Also where a lender takes part by one mandate while another one has to stay out."""
    has_more = False
    for seed in range(300):
        book = open_book(small_market(seed), seed)
        buckets, eligible = grouped(book, rules_of(RULE_VERSION))
        everybody = eligible.among(np.ones(len(book.cash), np.bool_))
        anybody = Eligibility(book, buckets)
        for bucket, found in eligible:
            assert everybody.of(bucket).tolist() == found.tolist()
            has_more |= anybody.of(bucket).tolist() != found.tolist()
    assert has_more


def test_outsiders_do_not_stand_in_the_sample(monkeypatch: pytest.MonkeyPatch):
    """Prices are found on so few lenders here that an outsider would take another one's place."""
    few = {
        RULE_VERSION: Rules(sample=5, iterations=12),
        HEEDING_OUTSIDERS: Rules(sample=5, iterations=12, heeds_outsiders=True),
    }
    monkeypatch.setattr("matching.engine.rules._RULES", few)
    given = [small_market(seed) for seed in range(300)]
    pairs = [(one, rest) for one in given if (rest := without_outsiders(one)) is not None]
    assert len(pairs) > 50
    assert any(changes_something(*pair, HEEDING_OUTSIDERS) for pair in pairs)
    assert not any(changes_something(*pair, RULE_VERSION) for pair in pairs)
