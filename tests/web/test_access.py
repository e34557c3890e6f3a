"""Who may open what: every address of the site, tried by everyone, against a declared table."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from core import clock
from tests.factories import people
from tests.factories.people import AT
from tests.keeping import Keep
from tests.web.conftest import browser_of
from tests.web.world import Thing, things
from web.urls import urlpatterns

LOGIN: Final = "login"
READ: Final = {"GET", "HEAD"}
FORM: Final = {"GET", "HEAD", "POST"}
ACT: Final = {"POST"}


class Row(NamedTuple):
    """One address: which methods it takes, what it is asked about, and what each actor gets."""

    methods: set[str]
    about: str
    visitor: int | str
    owner: int
    stranger: int
    other_side: int
    staff: int
    more: dict[str, Any] = {}


_EVERYONE: Final = (200, 200, 200, 200, 200)
_OWN_SIDE: Final = (LOGIN, 200, 200, 403, 403)
_WALLET: Final = (LOGIN, 200, 200, 200, 403)
_OWN_ONLY: Final = (LOGIN, 200, 404, 403, 403)
_ACT_ON_OWN: Final = (LOGIN, 302, 404, 403, 403)
_SENT_ON: Final = (LOGIN, 302, 302, 302, 302)

TABLE: Final[dict[str, Row]] = {
    "landing": Row(READ, "nothing", *_EVERYONE),
    "how_it_works": Row(READ, "nothing", *_EVERYONE),
    "prices": Row(READ, "nothing", *_EVERYONE),
    "help": Row(READ, "nothing", *_EVERYONE),
    "statistics": Row(READ, "nothing", *_EVERYONE),
    "loan_book_file": Row(READ, "nothing", *_EVERYONE),
    "credit_information": Row(READ, "nothing", *_EVERYONE),
    "lender_risks": Row(READ, "nothing", *_EVERYONE),
    "legal_notice": Row(READ, "nothing", *_EVERYONE),
    "language": Row(ACT, "nothing", 302, 302, 302, 302, 302),
    "theme": Row(ACT, "nothing", 302, 302, 302, 302, 302),
    "market": Row(READ, "nothing", *_EVERYONE),
    "rounds": Row(READ, "nothing", *_EVERYONE),
    "round": Row(READ, "round", *_EVERYONE),
    "request": Row(READ, "listed", *_EVERYONE),
    "funding": Row(READ, "listed", *_EVERYONE),
    "bid": Row(FORM, "listed", *_OWN_SIDE),
    "wait_in_line": Row(FORM, "full", *_OWN_SIDE),
    "home": Row(READ, "nothing", *_SENT_ON),
    "profile": Row(FORM, "nothing", LOGIN, 200, 200, 200, 200),
    "identity_start": Row(ACT, "nothing", *_SENT_ON),
    "identity_return": Row(READ, "nothing", *_SENT_ON),
    "bank_add": Row(ACT, "nothing", LOGIN, 200, 200, 200, 200),
    "bank_go_on": Row(ACT, "nothing", *_SENT_ON),
    "bank_revoke": Row(ACT, "nothing", *_SENT_ON),
    "bank_return": Row(READ, "nothing", *_SENT_ON),
    "card_add": Row(ACT, "borrowing", LOGIN, 302, 302, 403, 403),
    "card_return": Row(READ, "borrowing", LOGIN, 302, 302, 403, 403),
    "card_remove": Row(ACT, "borrowing", LOGIN, 302, 302, 403, 403),
    "messages": Row(READ, "nothing", LOGIN, 200, 200, 200, 200),
    "message": Row(READ, "message", LOGIN, 200, 404, 404, 404),
    "borrower_home": Row(READ, "borrowing", *_OWN_SIDE),
    "loan": Row(READ, "loan", *_OWN_ONLY),
    "loan_break": Row(FORM, "loan", *_OWN_ONLY),
    "loan_change": Row(FORM, "offer of terms", *_OWN_ONLY),
    "loan_early": Row(FORM, "loan", *_OWN_ONLY),
    "loan_pay": Row(ACT, "loan", *_ACT_ON_OWN),
    "loan_withdraw": Row(FORM, "loan", *_OWN_ONLY),
    "my_request": Row(READ, "borrowing", *_OWN_SIDE),
    "application_start": Row(ACT, "borrowing", LOGIN, 302, 302, 403, 403),
    "my_request_page": Row(READ, "in review", *_OWN_ONLY),
    "application_review": Row(FORM, "draft", *_OWN_ONLY),
    "application_curve": Row(ACT, "draft", *_OWN_ONLY),
    "listed_curve": Row(READ, "in review", *_ACT_ON_OWN),
    "application_step": Row(FORM, "draft", *_OWN_ONLY, {"name": "budget"}),
    "withdraw_request": Row(ACT, "in review", *_ACT_ON_OWN),
    "take_part": Row(ACT, "in review", *_ACT_ON_OWN),
    "appeal": Row(ACT, "declined", *_OWN_ONLY),
    "sign": Row(FORM, "filled", *_OWN_ONLY),
    "contract": Row(READ, "signed", *_OWN_ONLY),
    "pre_contract": Row(READ, "filled", *_OWN_ONLY),
    "lender_home": Row(READ, "nothing", *_OWN_SIDE),
    "wallet": Row(READ, "nothing", *_WALLET),
    "pay_in": Row(FORM, "nothing", *_WALLET),
    "pay_in_return": Row(READ, "nothing", LOGIN, 302, 302, 302, 403),
    "pay_in_give_up": Row(ACT, "pay-in", LOGIN, 302, 404, 404, 403),
    "withdraw": Row(FORM, "nothing", *_WALLET),
    "documents": Row(READ, "nothing", LOGIN, 200, 200, 200, 200),
    "document": Row(READ, "document", LOGIN, 200, 404, 404, 404),
    "schedule_pdf": Row(READ, "loan", *_OWN_ONLY),
    "tax": Row(READ, "nothing", *_OWN_SIDE, {"year": 2026}),
    "tax_pdf": Row(READ, "nothing", *_OWN_SIDE, {"year": 2026}),
    "statement": Row(READ, "nothing", *_OWN_SIDE),
    "statement_file": Row(READ, "nothing", *_OWN_SIDE),
    "statement_pdf": Row(READ, "nothing", *_OWN_SIDE),
    "journal": Row(READ, "journal entry", *_OWN_ONLY),
    "holdings": Row(READ, "nothing", *_OWN_SIDE),
    "holding": Row(READ, "holding", *_OWN_ONLY),
    "pools": Row(READ, "nothing", *_OWN_SIDE),
    "pool_run": Row(READ, "pool run", *_OWN_ONLY),
    "offers": Row(READ, "nothing", *_OWN_SIDE),
    "receipt": Row(READ, "stake", *_OWN_ONLY),
    "choose_cover": Row(ACT, "hand bid", *_ACT_ON_OWN),
    "revoke": Row(ACT, "hand bid", *_ACT_ON_OWN),
    "leave_line": Row(ACT, "place in line", *_ACT_ON_OWN),
    "mandates": Row(READ, "nothing", *_OWN_SIDE),
    "mandate_new": Row(FORM, "nothing", *_OWN_SIDE),
    "mandate_preview": Row(ACT, "nothing", *_OWN_SIDE),
    "mandate_backtest": Row(ACT, "nothing", *_OWN_SIDE),
    "mandate_backtest_of": Row(ACT, "mandate", *_OWN_ONLY),
    "mandate": Row(READ, "mandate", *_OWN_ONLY),
    "mandate_edit": Row(FORM, "mandate", *_OWN_ONLY),
    "mandate_act": Row(ACT, "mandate", *_ACT_ON_OWN, {"name": "pause"}),
}
"""Who is not logged in is sent to the login; a stranger's thing is 404, another side's page 403."""


@pytest.fixture(scope="module")
def world(kept: Keep) -> dict[str, Thing]:
    """The same things for all tests here."""
    return kept(_things)


def _things() -> dict[str, Thing]:
    clock.set_business_date(clock.day_of(AT), is_virtual=True)
    return things()


def _address(name: str, world: dict[str, Thing]) -> str:
    row = TABLE[name]
    return reverse(f"web:{name}", kwargs={**world[row.about].named, **row.more})


def _got(client: Client, method: str, address: str) -> int | str:
    """The status, or LOGIN for a way to the login; whatever was done is undone."""
    with transaction.atomic():
        answer = client.generic(method, address)
        transaction.set_rollback(True)
    if answer.status_code == 302 and answer["Location"].startswith("/accounts/login/"):
        return LOGIN
    return answer.status_code


def _first_method(row: Row) -> str:
    return "GET" if "GET" in row.methods else "POST"


def _stranger_to(owner: User) -> User:
    """Somebody of the same side who has nothing."""
    return people.lender() if owner.is_lender else people.borrower()


def _other_side_of(owner: User) -> User:
    return people.borrower() if owner.is_lender else people.lender()


ACTORS: Final = {
    "owner": lambda owner: owner,
    "stranger": _stranger_to,
    "other_side": _other_side_of,
    "staff": lambda _owner: people.staff(),
}


def test_every_address_is_declared() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(TABLE)


def test_visitors_read_what_is_public_and_are_sent_to_the_login_elsewhere(
    world: dict[str, Thing],
) -> None:
    got = {
        name: _got(Client(), _first_method(row), _address(name, world))
        for name, row in TABLE.items()
    }
    assert got == {name: row.visitor for name, row in TABLE.items()}


@pytest.mark.parametrize("actor", ACTORS)
def test_everyone_gets_what_is_declared(world: dict[str, Thing], actor: str) -> None:
    seats: dict[int, Client] = {}
    got = {}
    for name, row in TABLE.items():
        owner = world[row.about].owner
        key = owner.pk if actor == "owner" else owner.is_lender
        if key not in seats:
            seats[key] = browser_of(ACTORS[actor](owner))
        got[name] = _got(seats[key], _first_method(row), _address(name, world))
    assert got == {name: getattr(row, actor) for name, row in TABLE.items()}


def test_a_stranger_cannot_post_to_what_a_stranger_cannot_read(world: dict[str, Thing]) -> None:
    strangers = {side: browser_of(_stranger_to(owner)) for side, owner in _sides(world).items()}
    tried = {
        name: row for name, row in TABLE.items() if row.stranger == 404 and "POST" in row.methods
    }
    got = {
        name: _got(strangers[world[row.about].owner.role], "POST", _address(name, world))
        for name, row in tried.items()
    }
    assert len(tried) == 19
    assert got == dict.fromkeys(tried, 404)


def _sides(world: dict[str, Thing]) -> dict[str, User]:
    return {Role.LENDER: world["nothing"].owner, Role.BORROWER: world["borrowing"].owner}


def test_an_address_takes_no_other_method_than_declared(world: dict[str, Thing]) -> None:
    clients: dict[int, Client] = {}
    for name, row in TABLE.items():
        refused = {"GET", "POST", "DELETE"} - row.methods
        owner = world[row.about].owner
        client = clients[owner.pk] = clients.get(owner.pk) or browser_of(owner)
        got = {method: _got(client, method, _address(name, world)) for method in refused}
        assert (name, got) == (name, dict.fromkeys(refused, 405))


def test_every_form_needs_its_token(world: dict[str, Thing]) -> None:
    for name, row in TABLE.items():
        if "POST" not in row.methods:
            continue
        client = Client(enforce_csrf_checks=True)
        client.force_login(world[row.about].owner)
        assert (name, client.post(_address(name, world)).status_code) == (name, 403)


@pytest.mark.parametrize("address", ["/nothing/", "/loans/999999999/", "/market/not-an-id/"])
def test_what_is_not_there_is_not_found(address: str) -> None:
    assert browser_of(people.borrower()).get(address).status_code == 404


def test_someone_sent_to_the_login_comes_back_to_the_page() -> None:
    answer = Client().get("/wallet/?account=reserved")
    assert answer["Location"] == "/accounts/login/?next=/wallet/%3Faccount%3Dreserved"
