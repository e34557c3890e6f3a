"""Waiting in line behind a full request, on the pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import User
from core import clock
from lending.models import LoanRequest, Spare
from lending.selectors.wallet import wallet_of
from lending.services.offers import revoke_offer
from lending.states import SpareStatus
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import filled_request, listed_request, wait_in_line
from tests.web.conftest import browser_of, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _day() -> None:
    clock.set_business_date(clock.day_of(AT), is_virtual=True)


@pytest.fixture
def full() -> LoanRequest:
    """A request that two bids by hand fill."""
    return filled_request(shares_cents=[600_00, 400_00])


@pytest.fixture
def lender() -> User:
    """Somebody with 3,000 euros."""
    return people.lender(cash_cents=3_000_00)


def join(person: User, wanted: LoanRequest, amount: str, **given: str) -> str:
    """What the page says after the form was sent."""
    data = {"amount": amount, "request_key": str(uuid4()), **given}
    return text_of(browser_of(person).post(f"/market/{wanted.public_id}/line/", data, follow=True))


def page_of(person: User, wanted: LoanRequest) -> str:
    """The request's page as this person sees it."""
    return text_of(browser_of(person).get(f"/market/{wanted.public_id}/"))


def test_a_lender_joins_the_line_sees_the_place_and_leaves(lender: User, full: LoanRequest) -> None:
    wait_in_line(people.lender(), full, 50_00)
    assert "1 lender is in line." in page_of(lender, full)

    told = join(lender, full, "250")

    assert "You are in line with up to €250.00. No money is reserved for it." in told
    assert "Place <strong>2 of 2</strong>, with up to €250.00." in told
    assert wallet_of(lender).reserved_cents == 0
    own = Spare.objects.get(lender=lender)
    listing = text_of(browser_of(lender).get("/offers/"))
    assert "up to €250.00, since" in listing

    left = text_of(browser_of(lender).post(f"/line/{own.pk}/leave/", follow=True))
    assert "You are no longer in line." in left
    own.refresh_from_db()
    assert own.status == SpareStatus.WITHDRAWN


def test_what_moved_up_stands_among_the_bids(lender: User, full: LoanRequest) -> None:
    own = wait_in_line(lender, full, 600_00)
    first = full.offers.earliest("id")
    revoke_offer(lender=first.lender, offer_id=first.pk, at=AT)

    listing = text_of(browser_of(lender).get("/offers/"))

    assert "up to €600.00" not in listing
    assert "€600.00" in listing
    refused = text_of(browser_of(lender).post(f"/line/{own.pk}/leave/", follow=True))
    assert "You are no longer in line." not in refused


@pytest.mark.parametrize(
    ("amount", "told"),
    [("", "Please fill this in."), ("20", "The smallest bid"), ("30", "Bids go in steps")],
)
def test_a_wrong_amount_is_told_next_to_the_field(
    lender: User, full: LoanRequest, amount: str, told: str
) -> None:
    source = join(lender, full, amount)
    assert 'id="id_amount_error"' in source
    assert told in source
    assert not Spare.objects.exists()


def test_a_large_place_in_line_asks_for_a_tick_as_a_large_bid_does(lender: User) -> None:
    wanted = filled_request(shares_cents=[2_000_00])
    assert "This is a large bid." not in join(people.lender(), wanted, "1,000")

    refused = join(lender, wanted, "1,025")

    assert "This is a large bid." in refused
    assert "It is 34% of all that you have here." in refused
    assert 'name="is_understood"' in refused
    assert "Please confirm this before you place a large bid." in refused
    assert not Spare.objects.filter(lender=lender).exists()
    join(lender, wanted, "1,025", is_understood="on")
    assert Spare.objects.get(lender=lender).amount_cents == 1_025_00


def test_the_line_is_closed_once_every_bid_is_binding(lender: User, full: LoanRequest) -> None:
    clock.set_business_date(clock.day_of(AT + timedelta(days=4)), is_virtual=True)
    assert "Wait in line" not in page_of(lender, full)
    assert "This request no longer takes bids." in join(lender, full, "100")


def test_where_there_is_room_one_bids(lender: User) -> None:
    wanted = listed_request()
    assert "Wait in line" not in page_of(lender, wanted)
    answer = browser_of(lender).get(f"/market/{wanted.public_id}/line/")
    assert answer.status_code == 302
    assert answer["Location"] == f"/market/{wanted.public_id}/bid/"


def test_a_longer_line_asks_no_more_of_the_database(lender: User) -> None:
    counts = []
    for _ in range(2):
        for _ in range(2):
            wait_in_line(lender, filled_request(shares_cents=[1_000_00]), 100_00)
        counts.append(queries_of(lambda: browser_of(lender).get("/offers/")))
    assert counts[0] == counts[1]
