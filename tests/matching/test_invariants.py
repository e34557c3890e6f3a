"""Invariants 1 to 6 of a round, on thousands of small hostile markets: what no stake may break.

They are counted here once more in plain loops, beside the engine's own checker. Invariants 7 to 17
stand in the files beside this one and 14 in test_carry.py.
"""

from __future__ import annotations

from collections import Counter

import pytest

from matching.engine.check import check
from matching.engine.limits import Reason
from matching.engine.pour import Outcome
from matching.engine.problem import UNIT_CENTS
from matching.engine.result import Result
from tests.matching.replay import Moment, Replay
from tests.matching.rounds import solved

pytestmark = pytest.mark.soak


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


def test_the_checker_passes_what_the_engine_decides():
    for result in solved():
        stakes = result.stakes
        check(result.market, stakes.mandates, stakes.requests, stakes.amount_cents, result.rate)
