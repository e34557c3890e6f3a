"""What people type is shown as text, never as a part of the page."""

from __future__ import annotations

from typing import Final

from django.test import Client

from lending.models import Mandate
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.people import AT
from tests.web.conftest import SCRIPT, browser_of
from tests.web.reading import typed_into

TAG: Final = '"><b onclick=x>&'
SHOWN: Final = "&quot;&gt;&lt;b onclick=x&gt;&amp;"


def _shows_as_text(client: Client, *addresses: str) -> None:
    for address in addresses:
        source = client.get(address).content.decode()
        assert (address, SHOWN in source, TAG in source) == (address, True, False)


def test_the_words_of_a_request() -> None:
    wanted = make.listed_request()
    type(wanted).objects.filter(pk=wanted.pk).update(title=TAG, story=TAG)
    lender = people.lender(cash_cents=100_00)
    make.bid(lender, wanted, 100_00)
    page = f"/market/{wanted.public_id}/"
    _shows_as_text(browser_of(lender), "/market/", page, f"{page}bid/", "/offers/", "/wallet/")
    _shows_as_text(browser_of(wanted.borrower), f"/requests/{wanted.pk}/", "/borrower/")


def test_the_words_of_a_draft() -> None:
    draft = make.complete_draft(story=make.story_data(title=TAG))
    own = f"/requests/{draft.pk}/"
    _shows_as_text(browser_of(draft.borrower), f"{own}story/", f"{own}review/", "/borrower/")


def test_the_name_of_a_mandate_in_its_pages_and_in_what_is_told_of_it() -> None:
    client = browser_of(people.lender())
    given = {
        "name": TAG,
        "max_mark": "5",
        "min_stake_cents": "25",
        "max_per_loan_cents": "100",
        "max_per_borrower_cents": "100",
        "reserve_cents": "0",
        "priority": "1",
    }
    client.post("/mandates/new/", given)
    own = f"/mandates/{Mandate.objects.get(name=TAG).pk}/"
    _shows_as_text(client, "/mandates/", own, f"{own}edit/")
    told = client.post(f"{own}pause/", follow=True).content.decode()
    assert (told.count(SHOWN) >= 2, TAG in told) == (True, False)


def test_the_name_of_a_person() -> None:
    person = people.person(people.Role.BORROWER)
    people.services.save_profile(user=person, data=people.profile_data(street=TAG), at=AT)
    _shows_as_text(browser_of(person), "/profile/")


def test_what_a_form_could_not_read() -> None:
    client = browser_of(people.lender())
    answer = client.post("/wallet/pay-in/", {"amount": TAG})
    assert TAG not in answer.content.decode()
    assert typed_into(answer, "amount") == TAG
    for address in ("/", "/market/"):
        shown = client.get(address, {"amount": TAG, "least": TAG, "page": TAG}).content.decode()
        assert TAG not in shown
    piece = client.post("/mandates/preview/", {"name": TAG}, **SCRIPT).content.decode()
    assert TAG not in piece


def test_the_title_of_a_loan_on_the_pages_of_its_lender() -> None:
    loan = loans.loan(shares_cents=[1_000_00])
    type(loan.request).objects.filter(pk=loan.request_id).update(title=TAG)
    holding = loan.holdings.get()
    for address in ("/lender/", "/holdings/", f"/holdings/{holding.pk}/", "/wallet/"):
        assert TAG not in browser_of(holding.lender).get(address).content.decode()
