"""Lists with nothing, with one row and with many; and that no page asks the database too often."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from lending.services.mandates import end_mandate
from lending.services.requests import withdraw_request
from notifications.services import notify
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.matching.world import OLD, booked, on_market
from tests.web.conftest import browser_of, queries_of, text_of
from tests.web.test_access import READ, TABLE
from tests.web.world import things

MOST_QUERIES: Final = 24
MOST_FOR_A_STATEMENT: Final = 32
"""Opening, lines, closing and three outlooks, each as of its day; set once a month."""
_numbers = count(1)

# --- Nothing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "told", "leads_to"),
    [
        ("/lender/", ("Beginnen Sie mit", "Begin with a first pay-in"), "/wallet/pay-in/"),
        ("/holdings/", ("Noch keine Beteiligungen", "No holdings yet"), "/market/"),
        ("/offers/", ("Noch keine Gebote", "No bids yet"), "/market/"),
        ("/mandates/", ("Noch kein Anlageauftrag", "No mandate yet"), "/mandates/new/"),
        ("/wallet/", ("Noch keine Buchungen", "No bookings yet"), "/wallet/pay-in/"),
        ("/messages/", ("Keine Nachrichten", "No messages"), "/market/"),
    ],
)
def test_a_new_lender_is_told_what_to_do_next(
    page: str, told: tuple[str, str], leads_to: str
) -> None:
    lender = people.lender()
    for language, words in zip(("de", "en"), told, strict=True):
        source = text_of(browser_of(lender, language=language).get(page))
        assert words in source
        assert f'href="{leads_to}"' in source


@pytest.mark.parametrize(
    ("page", "told", "leads_to"),
    [
        ("/borrower/", ("Noch kein Kredit", "No loan yet"), 'href="/requests/"'),
        ("/requests/", ("Gesuch beginnen", "Begin a request"), 'action="/requests/start/"'),
        ("/messages/", ("Keine Nachrichten", "No messages"), 'href="/requests/"'),
    ],
)
def test_a_new_borrower_is_told_what_to_do_next(
    page: str, told: tuple[str, str], leads_to: str
) -> None:
    borrower = people.borrower()
    for language, words in zip(("de", "en"), told, strict=True):
        source = text_of(browser_of(borrower, language=language).get(page))
        assert words in source
        assert leads_to in source


# --- One row and three ---------------------------------------------------------------------------


def _holding(lender: User) -> None:
    made = loans.loan(shares_cents=[500_00, 500_00], lenders=[people.lender(), lender])
    loans.pay_instalments(made, 1)


def _offer(lender: User) -> None:
    make.bid(lender, make.listed_request(), 25_00)


def _stake(lender: User) -> None:
    on_market(1_000_00, at=AT)
    booked(at=OLD)


def _withdrawn(borrower: User) -> None:
    request = make.listed_request(borrower=borrower)
    withdraw_request(borrower=borrower, request_id=request.pk, at=AT)


def _message(person: User) -> None:
    notify(
        person_id=person.pk,
        kind="pay_in_credited",
        key=f"list:{next(_numbers)}",
        facts={"amount_cents": 10_00},
        at=AT,
    )


def _ended(lender: User) -> None:
    end_mandate(lender=lender, mandate_id=mandate(lender=lender).pk, at=AT)


Add = Callable[[User], object]


@pytest.mark.parametrize(
    ("page", "add"),
    [
        ("/lender/", _holding),
        ("/holdings/", _holding),
        ("/offers/", _offer),
        ("/offers/?status=converted", _holding),
        ("/mandates/", lambda lender: mandate(lender=lender)),
        ("/mandates/", _ended),
        ("/wallet/", lambda lender: people.give_cash(lender, 10_00)),
        ("/wallet/?account=reserved", _offer),
        ("/wallet/?account=invested", _holding),
        ("/messages/", _message),
        ("/market/", lambda _lender: make.listed_request()),
    ],
)
def test_a_lenders_list_takes_as_many_queries_for_three_rows_as_for_one(
    page: str, add: Add
) -> None:
    lender = people.lender(cash_cents=5_000_00)
    _same_for_three(browser_of(lender), page, lambda: add(lender))


@pytest.mark.parametrize(
    ("page", "add"),
    [("/requests/", _withdrawn), ("/messages/", _message)],
)
def test_a_borrowers_list_takes_as_many_queries_for_three_rows_as_for_one(
    page: str, add: Add
) -> None:
    borrower = people.borrower()
    _same_for_three(browser_of(borrower), page, lambda: add(borrower))


def _same_for_three(client: Client, page: str, add: Callable[[], object]) -> None:
    add()
    client.get(page)  # fills what is kept for the day
    one = queries_of(lambda: client.get(page))
    add()
    add()
    assert queries_of(lambda: client.get(page)) == one


def test_the_page_of_a_mandate_takes_as_many_queries_for_three_stakes_as_for_one() -> None:
    rule = mandate(max_per_loan_cents=1_000_00, max_per_borrower_cents=1_000_00)
    people.give_cash(rule.lender, 9_000_00)
    _same_for_three(browser_of(rule.lender), f"/mandates/{rule.pk}/", lambda: _stake(rule.lender))


def test_the_page_of_a_holding_takes_as_many_queries_for_three_payments_as_for_one() -> None:
    loan = loans.loan(shares_cents=[1_000_00])
    holding = loan.holdings.get()
    _same_for_three(
        browser_of(holding.lender),
        f"/holdings/{holding.pk}/",
        lambda: loans.pay_instalments(loan, 1),
    )


# --- Many ----------------------------------------------------------------------------------------


def test_a_long_list_of_bids_runs_over_pages_and_keeps_its_filter() -> None:
    lender, wanted = people.lender(cash_cents=1_000_00), make.listed_request()
    for _ in range(27):
        make.bid(lender, wanted, 25_00)
    client = browser_of(lender)
    first, second = (
        text_of(client.get(f"/offers/?status=open&page={number}")) for number in (1, 2)
    )
    assert (first.count("/revoke/"), second.count("/revoke/")) == (25, 2)
    assert "status=open&amp;page=2" in first


def test_a_long_list_of_messages_runs_over_pages() -> None:
    person = people.lender()
    for _ in range(26):
        _message(person)
    client = browser_of(person)
    rows = [client.get(f"/messages/?page={number}").context["rows"] for number in (1, 2, "x")]
    assert [len(row) for row in rows] == [25, 1, 25]


# --- Every page ----------------------------------------------------------------------------------


def test_no_page_asks_the_database_too_often() -> None:
    world, asked, clients = things(), {}, dict[int, Client]()
    for name, row in TABLE.items():
        if not row.methods >= READ:
            continue
        thing = world[row.about]
        client = clients.get(thing.owner.pk) or browser_of(thing.owner)
        clients[thing.owner.pk] = client
        address = reverse(f"web:{name}", kwargs={**thing.named, **row.more})
        asked[name] = queries_of(partial(client.get, address))
    most = dict.fromkeys(("document", "statement_pdf"), MOST_FOR_A_STATEMENT)
    above = {name: n for name, n in asked.items() if n > most.get(name, MOST_QUERIES)}
    assert above == {}
    assert min(asked.values()) > 0
