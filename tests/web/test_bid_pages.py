"""Bidding by hand on the pages."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from core import clock
from lending.models import LoanRequest, Offer
from lending.selectors.wallet import wallet_of
from tests.factories import people, requests
from tests.factories.people import AT
from tests.web.conftest import browser_of, queries_of, text_of


@pytest.fixture
def wanted() -> LoanRequest:
    """A request of 5,000 euros."""
    return requests.listed_request()


@pytest.fixture
def lender() -> User:
    """Somebody with 3,000 euros."""
    return people.lender(cash_cents=3_000_00)


def _send(client: Client, wanted: LoanRequest, amount: str, **more: str) -> str:
    data = {"amount": amount, "request_key": str(uuid4())} | more
    return text_of(client.post(f"/market/{wanted.public_id}/bid/", data, follow=True))


def test_a_bid_is_placed_only_after_its_summary(lender: User, wanted: LoanRequest) -> None:
    client = browser_of(lender)
    summary = _send(client, wanted, "100")
    assert "Confirm your bid" in summary
    assert "9 Jan 2026" in summary  # binding from
    assert "€2,900.00" in summary  # stays available
    assert not Offer.objects.exists()
    placed = _send(client, wanted, "100", confirmed="yes")
    assert "Your bid of €100.00 is reserved." in placed
    assert wallet_of(lender).reserved_cents == 100_00


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("", "Please fill this in."),
        ("20", "The smallest bid is €25.00."),
        ("30", "Bids go in steps of €25.00."),
        ("5,025", "Only €5,000.00 of this request is still open."),
        ("lots", "Please enter an amount"),
    ],
)
def test_a_wrong_amount_is_told_next_to_the_field(
    lender: User, wanted: LoanRequest, amount: str, told: str
) -> None:
    source = _send(browser_of(lender), wanted, amount)
    assert 'id="id_amount_error"' in source
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in source
    assert told in source


def test_too_little_cash_is_told_when_the_bid_is_placed(wanted: LoanRequest) -> None:
    poor = people.lender(cash_cents=50_00)
    source = _send(browser_of(poor), wanted, "100", confirmed="yes")
    assert "alert-error" in source
    assert not Offer.objects.exists()


def test_a_large_bid_asks_for_a_tick(lender: User, wanted: LoanRequest) -> None:
    client = browser_of(lender)
    assert "This is a large bid." in _send(client, wanted, "1,025")
    refused = _send(client, wanted, "1,025", confirmed="yes")
    assert "Please confirm this before you place a large bid." in refused
    assert not Offer.objects.exists()
    _send(client, wanted, "1,025", confirmed="yes", is_understood="on")
    assert Offer.objects.get().amount_cents == 1_025_00


def test_a_bid_sent_twice_is_placed_once(lender: User, wanted: LoanRequest) -> None:
    client, key = browser_of(lender), str(uuid4())
    for _ in range(2):
        data = {"amount": "100", "request_key": key, "confirmed": "yes"}
        client.post(f"/market/{wanted.public_id}/bid/", data)
    assert Offer.objects.count() == 1


def test_a_summary_typed_in_german_is_placed_to_the_cent(wanted: LoanRequest) -> None:
    lender = people.lender(cash_cents=3_000_00, language="de")
    client = browser_of(lender, language="de")
    summary = _send(client, wanted, "1.000,00")
    assert 'name="amount" value="1.000"' in summary
    _send(client, wanted, "1.000", confirmed="yes")
    assert Offer.objects.get().amount_cents == 1_000_00


def test_a_borrower_may_not_bid(wanted: LoanRequest) -> None:
    answer = browser_of(people.borrower()).get(f"/market/{wanted.public_id}/bid/")
    assert answer.status_code == 403


def test_a_bid_on_a_request_that_closed_is_refused(lender: User, wanted: LoanRequest) -> None:
    requests.bid(people.lender(cash_cents=5_000_00), wanted, 5_000_00)
    source = _send(browser_of(lender), wanted, "100", confirmed="yes")
    assert "is still open" in source or "no longer takes bids" in source
    assert Offer.objects.count() == 1


def test_a_bid_is_revoked_by_one_button(lender: User, wanted: LoanRequest) -> None:
    offer = requests.bid(lender, wanted, 100_00)
    client = browser_of(lender)
    assert f"/offers/{offer.pk}/revoke/" in text_of(client.get("/offers/"))
    source = text_of(client.post(f"/offers/{offer.pk}/revoke/", follow=True))
    assert "€100.00 are back in your wallet." in source
    assert wallet_of(lender).reserved_cents == 0


def test_a_binding_bid_has_no_button_and_says_why(lender: User, wanted: LoanRequest) -> None:
    offer = requests.bid(lender, wanted, 100_00)
    clock.set_business_date(offer.firm_on, is_virtual=True)
    client = browser_of(lender)
    assert f"/offers/{offer.pk}/revoke/" not in text_of(client.get("/offers/"))
    source = text_of(client.post(f"/offers/{offer.pk}/revoke/", follow=True))
    assert "can no longer be revoked" in source


def test_bids_are_filtered_by_status(lender: User, wanted: LoanRequest) -> None:
    requests.bid(lender, wanted, 100_00)
    client = browser_of(lender)
    assert "€100.00" in text_of(client.get("/offers/?status=open"))
    assert "No bids yet" in text_of(client.get("/offers/?status=converted"))
    assert "€100.00" in text_of(client.get("/offers/?status=nonsense"))


def test_more_bids_take_no_more_queries(lender: User) -> None:
    requests.bid(lender, requests.listed_request(), 25_00)
    client = browser_of(lender)
    client.get("/offers/")
    few = queries_of(lambda: client.get("/offers/"))
    for _ in range(3):
        requests.bid(lender, requests.listed_request(), 25_00, at=AT)
    assert queries_of(lambda: client.get("/offers/")) == few
