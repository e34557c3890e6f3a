"""Rounds in public: what they placed, how evenly, and by which hashes they can be checked."""

from __future__ import annotations

from django.test import Client

from matching.models import MatchRound
from tests.factories import people
from tests.factories.mandates import mandate
from tests.matching.world import booked, on_market
from tests.web.conftest import queries_of, text_of


def _played() -> MatchRound:
    for cents in (600_00, 2_000_00):
        mandate(lender=people.lender(cash_cents=cents), max_per_loan_cents=1_000_00)
    on_market(1_000_00)
    return booked()


def test_before_the_first_round_the_page_says_when_there_will_be_one(visitor: Client) -> None:
    assert "No round has placed money yet" in text_of(visitor.get("/market/rounds/"))


def test_a_round_that_placed_nothing_is_not_shown(visitor: Client) -> None:
    mandate(lender=people.lender(cash_cents=600_00), max_per_loan_cents=1_000_00)
    on_market(1_000_00)
    match = booked()
    assert match.figures["funded_cents"] == 0
    assert visitor.get(f"/market/rounds/{match.pk}/").status_code == 404


def test_the_month_and_the_round_tell_what_was_placed_and_by_whom(visitor: Client) -> None:
    match = _played()
    source = text_of(visitor.get("/market/rounds/"))
    assert "Month by month" in source
    assert f"/market/rounds/{match.pk}/" in source
    assert source.count("€1,000") >= 3  # placed in the month, by mandate, and in the round


def test_a_round_shows_its_classes_of_lenders_and_how_to_check_it(visitor: Client) -> None:
    match = _played()
    assert [(row["least_cents"], row["lenders"]) for row in match.figures["sizes"]] == [
        (500_00, 1),
        (1_000_00, 1),
    ]
    assert sum(row["placed_cents"] for row in match.figures["sizes"]) == 1_000_00
    assert sum(match.figures["fill_tenths"]) == match.figures["lenders_able"] == 2
    source = text_of(visitor.get(f"/market/rounds/{match.pk}/"))
    assert "€500 to below €1,000" in source
    for name in (match.seed, match.seed_commitment, match.market_sha256, match.chain_sha256):
        assert name in source


def test_a_round_of_an_earlier_release_is_shown_without_what_it_did_not_count(
    visitor: Client,
) -> None:
    match = _played()
    kept = {key: match.figures[key] for key in match.figures.keys() - {"sizes", "fill_tenths"}}
    MatchRound.objects.filter(pk=match.pk).update(figures=kept)
    source = text_of(visitor.get(f"/market/rounds/{match.pk}/"))
    assert "How to check this round" in source
    assert "Small and large accounts" not in source


def test_the_list_takes_as_many_queries_for_many_rounds_as_for_one(visitor: Client) -> None:
    _played()
    few = queries_of(lambda: visitor.get("/market/rounds/"))
    for number in range(3):
        on_market(25_00 * (number + 40))
        booked()
    assert queries_of(lambda: visitor.get("/market/rounds/")) == few


def test_programs_read_the_same(visitor: Client) -> None:
    match = _played()
    (row,) = visitor.get("/api/v1/rounds").json()["results"]
    assert row == visitor.get(f"/api/v1/rounds/{match.pk}").json()
    assert row["figures"]["funded_cents"] == 1_000_00
    assert row["output_sha256"] == match.output_sha256
    assert "snapshot" not in row
