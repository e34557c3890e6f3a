"""The line behind a full request: joined once under its key, left, and moved up from."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from core import clock
from ledger.chart import Role as AccountRole
from ledger.selectors import balance_cents
from lending.models import LoanRequest, Offer, Spare
from lending.services.offers import revoke_offer
from lending.states import OfferSource, SpareStatus
from tests.api.conftest import client_of, fresh_key
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import filled_request, listed_request, wait_in_line
from tests.web.conftest import queries_of

pytestmark = pytest.mark.django_db

LINE = "/api/v1/line"


@pytest.fixture(autouse=True)
def market_day(db: None) -> None:
    """The market is open on the day on which the factories fill their requests."""
    clock.set_business_date(clock.day_of(AT), is_virtual=True)


@pytest.fixture
def lender() -> User:
    return people.lender(cash_cents=500_00)


@pytest.fixture
def full() -> LoanRequest:
    return filled_request(shares_cents=[600_00, 400_00])


def join(lender: User, full: LoanRequest, key: dict[str, str] | None = None) -> Any:
    """Wait in line with up to EUR 100."""
    given = {"request": str(full.public_id), "amount_cents": 100_00}
    return client_of(lender).post(LINE, given, headers=key or fresh_key())


def test_a_place_in_line_reserves_nothing_and_is_told_whole(
    lender: User, full: LoanRequest
) -> None:
    wait_in_line(people.lender(), full, 50_00)
    answer = join(lender, full)
    assert answer.status_code == 201
    own = Spare.objects.get(lender=lender)
    assert answer.json() == {
        "id": own.pk,
        "request": str(full.public_id),
        "title": full.title,
        "amount_cents": 100_00,
        "cover": "solo",
        "status": SpareStatus.WAITING,
        "source": OfferSource.API,
        "bid": None,
        "placed_at": answer.json()["placed_at"],
        "closed_at": None,
        "place": 2,
    }
    assert balance_cents(AccountRole.RESERVED, lender.pk) == 0


def test_the_same_key_waits_once_and_another_place_is_refused(
    lender: User, full: LoanRequest
) -> None:
    key = fresh_key()
    assert join(lender, full, key).json() == join(lender, full, key).json()
    answer = join(lender, full)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_waiting")
    assert Spare.objects.count() == 1


def test_a_request_with_room_has_no_line(lender: User) -> None:
    answer = join(lender, listed_request())
    assert (answer.status_code, answer.json()["code"]) == (409, "still_room")


def test_what_moved_up_names_its_bid_and_cannot_be_left(lender: User, full: LoanRequest) -> None:
    place = f"{LINE}/{join(lender, full).json()['id']}"
    first = full.offers.earliest("id")
    revoke_offer(lender=first.lender, offer_id=first.pk, at=AT)

    told = client_of(lender).get(place).json()

    assert told["bid"] == Offer.objects.get(lender=lender).pk
    assert (told["status"], told["place"]) == (SpareStatus.MOVED_UP, 0)
    refused = client_of(lender).post(f"{place}/leave", headers=fresh_key())
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")


def test_a_place_is_left(lender: User, full: LoanRequest) -> None:
    place = f"{LINE}/{join(lender, full).json()['id']}"
    left = client_of(lender).post(f"{place}/leave", headers=fresh_key())
    assert (left.status_code, left.json()["status"]) == (200, SpareStatus.WITHDRAWN)


def test_more_places_ask_no_more_of_the_database(lender: User) -> None:
    client, counts = client_of(lender), []
    client.get(LINE)
    for _ in range(2):
        for _ in range(2):
            wait_in_line(lender, filled_request(shares_cents=[1_000_00]), 100_00)
        counts.append(queries_of(lambda: client.get(LINE)))
    assert len(client.get(LINE).json()["results"]) == 4
    assert counts[0] == counts[1]
