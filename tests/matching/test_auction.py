"""Auctions: the lowest price of the grid that fills the request, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.engine.problem import UNIT_CENTS as U
from matching.engine.problem import Market, MarketError, market
from matching.engine.result import Result
from matching.engine.solve import solve
from tests.matching.markets import plain_market, small_market
from tests.matching.oracle import Oracle
from tests.matching.rounds import solved


def auction(
    *,
    lowest: list[int],
    cash: list[int],
    amount: int,
    floor: int = 4_000,
    cap: int = 5_000,
    coverage: int = 1_000,
    highest: list[int] | None = None,
    **mandate: int,
) -> Market:
    """One request between two rates; each lender has cash (units) and asks for a lowest rate."""
    given = plain_market(cash=[units * U for units in cash], amounts=[amount * U], **mandate)
    mandates = replace(given.mandates, min_rate=np.array(lowest))
    if highest:
        mandates = replace(mandates, max_rate=np.array(highest))
    requests = replace(
        given.requests,
        rate=np.array([cap]),
        floor_rate=np.array([floor]),
        coverage=np.array([coverage]),
    )
    return replace(given, mandates=mandates, requests=requests)


def units(result: Result) -> list[int]:
    """What each lender gave, in units."""
    return (result.placed_cents // U).tolist()


def test_the_price_is_the_lowest_at_which_the_amount_is_offered() -> None:
    # 4.00 %: 3 units, 4.50 %: 7, 4.80 %: 12. Ten are asked for.
    result = solve(auction(lowest=[4_000, 4_500, 4_800], cash=[3, 4, 5], amount=10), 1)
    assert result.rate.tolist() == [4_800]
    assert units(result) == [3, 4, 3]


def test_a_rate_between_two_prices_counts_at_the_next_one() -> None:
    # The grid runs 4.00, 4.05, 4.10 ...; 4.01 % lends from 4.05 % on.
    result = solve(auction(lowest=[4_010], cash=[9], amount=4), 1)
    assert result.rate.tolist() == [4_050]


def test_the_highest_rate_is_a_price_although_it_is_no_step() -> None:
    result = solve(auction(lowest=[4_120], cash=[9], amount=4, cap=4_120), 1)
    assert result.rate.tolist() == [4_120]


def test_nobody_pays_more_than_the_cap() -> None:
    result = solve(auction(lowest=[4_000, 5_001], cash=[5, 50], amount=10), 1)
    assert not result.is_funded.any()
    assert result.rate.tolist() == [5_000]
    assert result.skipped[0].short_units == 5


def test_the_price_is_never_below_the_floor() -> None:
    result = solve(auction(lowest=[0, 0], cash=[50, 50], amount=10), 1)
    assert result.rate.tolist() == [4_000]
    assert units(result) == [5, 5]


def test_whoever_asked_for_less_gives_all_and_the_margin_is_cut_evenly() -> None:
    # At 4.20 % there are 2 + 2 sure units; the three at 4.50 % share the other six of 30.
    lowest = [4_200, 4_200, 4_500, 4_500, 4_500]
    result = solve(auction(lowest=lowest, cash=[2, 2, 10, 10, 10], amount=10), 1)
    assert result.rate.tolist() == [4_500]
    assert units(result) == [2, 2, 2, 2, 2]


def test_the_margin_is_cut_by_how_much_each_could_place() -> None:
    result = solve(auction(lowest=[4_200, 4_500, 4_500], cash=[4, 4, 8], amount=10), 1)
    assert units(result) == [4, 2, 4]


def test_with_more_coverage_all_share_at_a_higher_price() -> None:
    # 4.00 % covers 10 of 10, but twice as much is wanted: 4.60 % brings 20, and all share alike.
    given = auction(lowest=[4_000, 4_600], cash=[10, 10], amount=10, coverage=2_000)
    result = solve(given, 1)
    assert result.rate.tolist() == [4_600]
    assert units(result) == [5, 5]


def test_where_coverage_is_never_reached_the_cap_is_the_price() -> None:
    given = auction(lowest=[4_000, 4_600], cash=[10, 5], amount=10, coverage=2_000)
    assert solve(given, 1).rate.tolist() == [5_000]


def test_who_sets_a_highest_rate_lends_up_to_it_only() -> None:
    # 4.00 %: 6 units of the first; from 4.30 % on it is out and the second has 12.
    given = auction(lowest=[4_000, 4_400], cash=[6, 12], amount=10, highest=[4_299, 10_000])
    result = solve(given, 1)
    assert result.rate.tolist() == [4_400]
    assert units(result) == [0, 10]


def test_smallest_stakes_that_do_not_fit_lead_to_the_next_price() -> None:
    # At 4.00 % two lenders hold 4 units each in one piece: 8, not 6. At 4.50 % a small one comes.
    given = auction(lowest=[4_000, 4_000, 4_500], cash=[4, 4, 2], amount=6)
    stakes = replace(given.mandates, min_stake_cents=np.array([4 * U, 4 * U, U]))
    result = solve(replace(given, mandates=stakes), 1)
    assert result.rate.tolist() == [4_500]
    assert sorted(units(result)) == [0, 2, 4]


def test_an_auction_waits_until_mandates_may_place_all_that_is_missing() -> None:
    given = auction(lowest=[4_000], cash=[20], amount=10)
    room = replace(given.requests, robot_room_cents=np.array([9 * U]))
    result = solve(replace(given, requests=room), 1)
    assert not len(result.stakes) and not result.skipped


def test_an_auction_that_takes_a_part_is_no_market() -> None:
    given = auction(lowest=[4_000], cash=[20], amount=10)
    with pytest.raises(MarketError, match="filled whole"):
        market(
            terms=given.terms,
            purposes=given.purposes,
            lenders=given.lenders,
            mandates=given.mandates,
            requests=replace(given.requests, least_cents=np.array([7 * U])),
        )


def test_no_lower_price_of_the_grid_would_have_filled_a_request() -> None:
    """Replays random rounds up to each auction, then tries every lower price."""
    tried = [0]

    class Lower(Oracle):
        def __init__(self, result: Result) -> None:
            super().__init__(result.market, result.seed)
            self.result = result

        def _auction(self, request, able, caps, target):  # type: ignore[no-untyped-def]
            found = super()._auction(request, able, caps, target)
            price = int(self.result.rate[request])
            assert self.result.is_funded[request] == (found is not None)
            if found is None or self.market.requests.coverage[request] != 1_000:
                return found
            for lower in [one for one in self.prices(request) if one < price]:
                bidders = self.bidders(able, request, lower)
                assert self._shared(bidders, caps, target) is None
                tried[0] += 1
            return found

    for result in solved():
        if result.market.requests.is_auction.any():
            Lower(result).run()
    assert tried[0] > 50


def test_the_engine_and_the_plain_loops_find_the_same_prices() -> None:
    funded = 0
    for seed in range(5_000, 5_150):
        given = small_market(seed)
        result, plain = solve(given, seed), Oracle(given, seed).run()
        for request, price in plain.price.items():
            funded += 1
            assert result.rate[request] == price
    assert funded > 100
