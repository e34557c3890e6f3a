"""A button pressed twice: each act is done once, and the second answer is the first one's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client

from core import clock
from ledger.chart import EntryKind
from ledger.models import Entry
from lending.models import Contract, LoanRequest, Mandate, Offer, Review
from lending.selectors.wallet import wallet_of
from lending.states import OfferStatus, RequestStatus
from notifications.models import Message
from payments.models import Payout
from tests.factories import people, requests
from tests.factories.people import AT
from tests.web.conftest import browser_of, text_of
from tests.web.reading import refusal_at, typed_into


def _twice(client: Client, address: str, data: dict[str, str] | None = None) -> list[Any]:
    return [client.post(address, data or {}, follow=True) for _ in range(2)]


def _bid(wanted: LoanRequest, amount: str, key: str) -> tuple[str, dict[str, str]]:
    given = {"amount": amount, "request_key": key, "confirmed": "yes", "is_understood": "on"}
    return f"/market/{wanted.public_id}/bid/", given


def test_the_bid_that_fills_a_request_is_told_as_placed_both_times() -> None:
    wanted = requests.listed_request(amount_cents=1_000_00)
    lender = people.lender(cash_cents=1_500_00)
    answers = _twice(browser_of(lender), *_bid(wanted, "1,000", str(uuid4())))
    assert ["€1,000.00 is reserved." in text_of(answer) for answer in answers] == [True, True]
    assert Offer.objects.get().amount_cents == 1_000_00
    assert wallet_of(lender).cash_cents == 500_00


def test_a_bid_with_the_last_cash_is_told_as_placed_both_times() -> None:
    wanted, lender = requests.listed_request(), people.lender(cash_cents=100_00)
    answers = _twice(browser_of(lender), *_bid(wanted, "100", str(uuid4())))
    assert ["€100.00 is reserved." in text_of(answer) for answer in answers] == [True, True]
    assert Entry.objects.filter(kind=EntryKind.RESERVATION).count() == 1


def test_a_key_used_for_another_amount_books_nothing_more() -> None:
    wanted, lender = requests.listed_request(), people.lender(cash_cents=500_00)
    client, key = browser_of(lender), str(uuid4())
    for amount in ("100", "125"):
        address, given = _bid(wanted, amount, key)
        answer = client.post(address, given, follow=True)
    assert "already booked with other amounts" in text_of(answer)
    assert wallet_of(lender).reserved_cents == 100_00


def test_two_bids_of_one_amount_are_two() -> None:
    wanted, lender = requests.listed_request(), people.lender(cash_cents=500_00)
    client, address = browser_of(lender), f"/market/{wanted.public_id}/bid/"
    keys = [typed_into(client.get(address), "request_key") for _ in range(2)]
    for key in keys:
        client.post(*_bid(wanted, "100", key))
    assert keys[0] != keys[1]
    assert wallet_of(lender).reserved_cents == 200_00


def test_more_than_is_left_is_refused_when_the_bid_is_placed() -> None:
    wanted = requests.listed_request(amount_cents=1_000_00)
    client = browser_of(people.lender(cash_cents=900_00))
    address, given = _bid(wanted, "500", str(uuid4()))
    requests.bid(people.lender(cash_cents=600_00), wanted, 600_00)
    answer = client.post(address, given)
    assert refusal_at(answer, "amount") == "Only €400.00 of this request is still open."
    assert Offer.objects.count() == 1


def test_a_bid_is_revoked_once() -> None:
    lender = people.lender(cash_cents=100_00)
    offer = requests.bid(lender, requests.listed_request(), 100_00)
    answers = _twice(browser_of(lender), f"/offers/{offer.pk}/revoke/")
    assert ["are back in your wallet" in text_of(answer) for answer in answers] == [True, True]
    offer.refresh_from_db()
    assert (offer.status, wallet_of(lender).cash_cents) == (OfferStatus.REVOKED, 100_00)


def test_a_withdrawal_of_everything_leaves_once() -> None:
    lender = people.lender(cash_cents=500_00)
    order = {"amount": "500", "request_key": str(uuid4())}
    answers = _twice(browser_of(lender), "/wallet/withdraw/", order)
    assert ["are on their way" in text_of(answer) for answer in answers] == [True, True]
    assert Payout.objects.get().amount_cents == 500_00
    assert wallet_of(lender).cash_cents == 0


def test_a_request_is_begun_once() -> None:
    borrower = people.borrower()
    _twice(browser_of(borrower), "/requests/start/")
    assert LoanRequest.objects.get().borrower == borrower


def test_a_request_is_handed_in_once() -> None:
    draft = requests.complete_draft()
    address = f"/requests/{draft.pk}/review/"
    answers = _twice(browser_of(draft.borrower), address, {"agrees": "on"})
    assert [answer.redirect_chain[-1][0] for answer in answers] == [f"/requests/{draft.pk}/"] * 2
    assert LoanRequest.objects.get().status == RequestStatus.IN_REVIEW
    assert draft.assessments.count() == 1
    assert not Review.objects.exists()


def test_a_request_is_withdrawn_once() -> None:
    listed = requests.listed_request()
    lender = people.lender(cash_cents=100_00)
    requests.bid(lender, listed, 100_00)
    _twice(browser_of(listed.borrower), f"/requests/{listed.pk}/withdraw/")
    listed.refresh_from_db()
    assert listed.status == RequestStatus.WITHDRAWN
    assert wallet_of(lender).cash_cents == 100_00


def test_a_contract_is_signed_once() -> None:
    filled = requests.filled_request(shares_cents=[1_000_00])
    clock.set_business_date(clock.day_of(AT) + timedelta(days=4), is_virtual=True)
    client, both = browser_of(filled.borrower), {"has_read": "on", "agrees": "on"}
    answers = _twice(client, f"/requests/{filled.pk}/sign/", both)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert Contract.objects.count() == 1
    assert Message.objects.filter(kind="contract_signed").count() == 1


def test_a_mandate_is_written_once_under_one_name() -> None:
    given = {
        "name": "Only one",
        "max_mark": "5",
        "min_stake_cents": "25",
        "max_per_loan_cents": "100",
        "max_per_borrower_cents": "100",
        "reserve_cents": "0",
        "priority": "1",
    }
    client = browser_of(people.lender())
    answers = _twice(client, "/mandates/new/", given)
    assert ["Your mandate is saved." in text_of(answer) for answer in answers] == [True, True]
    other = client.post("/mandates/new/", given | {"priority": "2"})
    assert refusal_at(other, "name") == "You already have a mandate with this name."
    assert Mandate.objects.count() == 1
