"""The market list, a request, and its funding as it moves."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from lending.choices import Purpose
from lending.services.offers import revoke_offer
from lending.services.requests import withdraw_request
from tests.factories import people, requests
from tests.factories.people import AT
from tests.web.conftest import SCRIPT, browser_of, queries_of, text_of
from web.views.market import STOP_POLLING


def _titled(title: str, **terms: object) -> None:
    request = requests.listed_request(**terms)  # type: ignore[arg-type]
    request.title = title
    request.save(update_fields=["title"])


def _shown(client: Client, **asked: object) -> list[str]:
    source = text_of(client.get("/market/", asked, **SCRIPT))
    return sorted(("Alpha", "Beta", "Gamma"), key=source.find) if source else []


def _found(client: Client, **asked: object) -> set[str]:
    source = text_of(client.get("/market/", asked, **SCRIPT))
    return {title for title in ("Alpha", "Beta", "Gamma") if title in source}


@pytest.fixture
def three() -> None:
    """Three requests that differ in everything one can look for."""
    small = {"amount_cents": 2_000_00, "term_months": 12, "annual_rate": Decimal("0.04")}
    _titled("Alpha", grade="A", affordability_mark=1, purpose=Purpose.CAR, **small)
    middle = {"amount_cents": 5_000_00, "term_months": 36, "annual_rate": Decimal("0.08")}
    _titled("Beta", grade="C", affordability_mark=3, purpose=Purpose.WEDDING, **middle)
    large = {"amount_cents": 20_000_00, "term_months": 84, "annual_rate": Decimal("0.15")}
    _titled("Gamma", grade="H", affordability_mark=5, purpose=Purpose.HOUSE, **large)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Alpha", "Beta", "Gamma"}),
        ({"grades": ["A", "C"]}, {"Alpha", "Beta"}),
        ({"longest": "36"}, {"Alpha", "Beta"}),
        ({"purpose": "wedding"}, {"Beta"}),
        ({"min_rate": "8"}, {"Beta", "Gamma"}),
        ({"least": "2,500"}, {"Beta", "Gamma"}),
        ({"most": "5000"}, {"Alpha", "Beta"}),
        ({"mark": "3"}, {"Alpha", "Beta"}),
        ({"funded": "25"}, set()),
        ({"grades": ["Z"], "longest": "nonsense"}, {"Alpha", "Beta", "Gamma"}),
    ],
)
def test_filters_narrow_the_list(
    visitor: Client, asked: dict[str, object], found: set[str]
) -> None:
    assert _found(visitor, **asked) == found


@pytest.mark.usefixtures("three")
def test_a_filter_that_cannot_be_read_is_left_out_and_told(visitor: Client) -> None:
    source = text_of(visitor.get("/market/", {"least": "2.500", "grades": "A"}, **SCRIPT))
    assert "could not be read" in source
    assert ("Alpha" in source, "Beta" in source) == (True, False)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("order", "titles"),
    [
        ("rate", ["Gamma", "Beta", "Alpha"]),
        ("grade", ["Alpha", "Beta", "Gamma"]),
        ("amount", ["Alpha", "Beta", "Gamma"]),
        ("term", ["Alpha", "Beta", "Gamma"]),
        ("nonsense", ["Alpha", "Beta", "Gamma"]),
    ],
)
def test_the_list_is_sorted_as_asked(visitor: Client, order: str, titles: list[str]) -> None:
    assert _shown(visitor, order=order) == titles


def test_an_empty_market_says_what_to_do(visitor: Client) -> None:
    assert "No request fits" in text_of(visitor.get("/market/"))


def test_pages_keep_the_filters(visitor: Client) -> None:
    for _ in range(26):
        requests.listed_request(grade="B")
    source = text_of(visitor.get("/market/", {"grades": "B"}))
    assert "Page 1 of 2" in source
    assert 'href="/market/?grades=B&amp;page=2"' in source
    assert "Page 2 of 2" in text_of(visitor.get("/market/?grades=B&page=99"))


def test_more_rows_take_no_more_queries(visitor: Client) -> None:
    requests.listed_request()
    visitor.get("/market/")
    few = queries_of(lambda: visitor.get("/market/"))
    for _ in range(3):
        wanted = requests.listed_request()
        requests.bid(people.lender(cash_cents=100_00), wanted, 100_00)
    assert queries_of(lambda: visitor.get("/market/")) == few


def test_going_back_in_the_browser_brings_the_whole_page(visitor: Client) -> None:
    again = {"HTTP_HX_HISTORY_RESTORE_REQUEST": "true"}
    assert "<html" in text_of(visitor.get("/market/", **SCRIPT, **again))


def test_a_visitor_sees_the_figures_but_not_the_story(visitor: Client) -> None:
    wanted = requests.listed_request()
    wanted.story = "A story of my own."
    wanted.save(update_fields=["story"])
    page = f"/market/{wanted.public_id}/"
    seen = text_of(visitor.get(page))
    assert "€5,000" in seen
    assert "A story of my own." not in seen
    assert "A story of my own." in text_of(browser_of(people.lender()).get(page))


def test_what_is_not_on_the_market_is_not_there(visitor: Client) -> None:
    draft = requests.complete_draft()
    assert visitor.get(f"/market/{draft.public_id}/").status_code == 404
    assert visitor.get(f"/market/{uuid4()}/").status_code == 404


def test_a_lender_sees_the_own_stakes_and_a_bid_form() -> None:
    wanted = requests.listed_request()
    lender = people.lender(cash_cents=500_00)
    requests.bid(lender, wanted, 75_00)
    source = text_of(browser_of(lender).get(f"/market/{wanted.public_id}/"))
    assert "Your stakes in it" in source
    assert "€75.00" in source
    assert "Bid by hand" in source


def test_a_borrower_cannot_bid_and_is_led_to_the_own_request() -> None:
    wanted = requests.listed_request()
    source = text_of(browser_of(wanted.borrower).get(f"/market/{wanted.public_id}/"))
    assert "This is your own request" in source
    assert "Bid by hand" not in source


def test_the_funding_moves_and_the_page_asks_again(visitor: Client) -> None:
    wanted = requests.listed_request(amount_cents=1_000_00)
    page = f"/market/{wanted.public_id}/funding/"
    assert "0% funded" in text_of(visitor.get(page, **SCRIPT))
    requests.bid(people.lender(cash_cents=500_00), wanted, 250_00)
    answer = visitor.get(page, **SCRIPT)
    assert answer.status_code == 200
    assert "25% funded" in text_of(answer)
    assert 'hx-trigger="every 5s"' in text_of(answer)


def test_the_page_stops_asking_when_the_request_is_full(visitor: Client) -> None:
    wanted = requests.listed_request(amount_cents=1_000_00)
    offer = requests.bid(people.lender(cash_cents=1_000_00), wanted, 1_000_00)
    answer = visitor.get(f"/market/{wanted.public_id}/funding/", **SCRIPT)
    assert answer.status_code == STOP_POLLING
    assert "hx-trigger" not in text_of(answer)
    revoke_offer(lender=offer.lender, offer_id=offer.pk, at=AT)
    assert visitor.get(f"/market/{wanted.public_id}/funding/", **SCRIPT).status_code == 200


def test_the_page_stops_asking_when_the_request_has_left_the_market(visitor: Client) -> None:
    wanted = requests.listed_request()
    withdraw_request(borrower=wanted.borrower, request_id=wanted.pk, at=AT)
    answer = visitor.get(f"/market/{wanted.public_id}/funding/", **SCRIPT)
    assert answer.status_code == STOP_POLLING
    assert "no longer on the market" in text_of(answer)
