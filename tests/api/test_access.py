"""Who sees what: nobody without login, no one the other side's, nobody a stranger's."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import Role, User
from api.urls import urlpatterns
from core import clock
from core.dates import month_range
from lending.models import Document, Holding, Loan, Mandate, Offer, Spare
from lending.services.documents import issue_statements
from lending.services.mandate_data import MandateData
from lending.services.mandates import save_mandate
from tests.api.conftest import client_of, fresh_key
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, filled_request, listed_request, wait_in_line
from tests.keeping import Keep

pytestmark = pytest.mark.django_db

MANDATE = {"name": "Steady", "max_per_loan_cents": 100_00, "max_per_borrower_cents": 100_00}


@dataclass
class World:
    """A lender and a borrower with one of everything."""

    lender: User
    borrower: User
    loan: Loan
    holding: Holding
    offer: Offer
    mandate: Mandate
    spare: Spare
    request_id: str
    full_id: str

    def path(self, path: str) -> str:
        """The address with the ids of this world."""
        ids = {
            "loan": self.loan.pk,
            "holding": self.holding.pk,
            "bid": self.offer.pk,
            "mandate": self.mandate.pk,
            "spare": self.spare.pk,
            "request": self.request_id,
            "document": Document.objects.get(person=self.lender).pk,
        }
        return f"/api/v1/{path}".format(**ids)


@pytest.fixture(scope="module")
def one_world(kept: Keep) -> World:
    return kept(_a_world)


@pytest.fixture
def world(db: None, one_world: World) -> World:
    return deepcopy(one_world)


def _a_world() -> World:
    clock.set_business_date(clock.day_of(AT), is_virtual=True)
    lender, borrower = people.lender(cash_cents=500_00), people.borrower()
    issue_statements(on=month_range(clock.day_of(AT))[1], at=AT)
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender], borrower=borrower)
    people.give_cash(borrower, 2_000_00)
    wanted = listed_request(borrower=borrower)
    return World(
        lender=lender,
        borrower=borrower,
        loan=loan,
        holding=Holding.objects.get(loan=loan),
        offer=bid(lender, wanted, 100_00),
        mandate=save_mandate(lender=lender, data=MandateData(**MANDATE), at=AT),
        spare=wait_in_line(lender, filled_request(shares_cents=[1_000_00]), 100_00),
        request_id=str(wanted.public_id),
        full_id=str(filled_request(shares_cents=[1_000_00]).public_id),
    )


EVERYONE, BOTH = {Role.LENDER, Role.BORROWER, Role.STAFF}, {Role.LENDER, Role.BORROWER}
LENDER, BORROWER = {Role.LENDER}, {Role.BORROWER}
BREAK = {"numbers": [5], "collect": "end"}
PRIVATE = [
    # method, path, body, whose side, whether it names a thing of one person
    ("get", "me", None, EVERYONE, False),
    ("delete", "tokens", None, EVERYONE, False),
    ("get", "wallet", None, BOTH, False),
    ("get", "wallet/entries", None, BOTH, False),
    ("get", "documents", None, BOTH, False),
    ("get", "documents/{document}", None, BOTH, True),
    ("get", "bids", None, LENDER, False),
    ("post", "bids", {"request": "{request}", "amount_cents": 25_00}, LENDER, False),
    ("get", "bids/{bid}", None, LENDER, True),
    ("post", "bids/{bid}/cover", {"cover": "pool"}, LENDER, True),
    ("post", "bids/{bid}/revoke", None, LENDER, True),
    ("get", "line", None, LENDER, False),
    ("post", "line", {"request": "{full}", "amount_cents": 25_00}, LENDER, False),
    ("get", "line/{spare}", None, LENDER, True),
    ("post", "line/{spare}/leave", None, LENDER, True),
    ("get", "mandates", None, LENDER, False),
    ("post", "mandates", MANDATE | {"name": "Other"}, LENDER, False),
    ("post", "mandates/backtest", MANDATE, LENDER, False),
    ("get", "mandates/{mandate}", None, LENDER, True),
    ("put", "mandates/{mandate}", MANDATE, LENDER, True),
    ("post", "mandates/{mandate}/pause", None, LENDER, True),
    ("post", "mandates/{mandate}/resume", None, LENDER, True),
    ("post", "mandates/{mandate}/end", None, LENDER, True),
    ("get", "portfolio", None, LENDER, False),
    ("get", "holdings", None, LENDER, False),
    ("get", "holdings/{holding}", None, LENDER, True),
    ("get", "pool-lines", None, LENDER, False),
    ("get", "loans", None, BORROWER, False),
    ("get", "loans/{loan}", None, BORROWER, True),
    ("get", "loans/{loan}/schedule", None, BORROWER, True),
    ("get", "loans/{loan}/payoff", None, BORROWER, True),
    ("post", "loans/{loan}/early-repayments", {"amount_cents": 500_00}, BORROWER, True),
    ("get", "loans/{loan}/withdrawal", None, BORROWER, True),
    ("post", "loans/{loan}/withdrawal", None, BORROWER, True),
    ("get", "loans/{loan}/break", None, BORROWER, True),
    ("post", "loans/{loan}/break/preview", BREAK, BORROWER, True),
    ("post", "loans/{loan}/break", BREAK, BORROWER, True),
    ("get", "market/requests/{request}/funding-curve", None, BORROWER, True),
]
PUBLIC = {
    "pools",
    "quotes",
    "rounds",
    "rounds/{round}",
    "statistics",
    "market/requests",
    "market/requests/<uuid:public_id>",
}
FOR_READERS = {"schema/", "schema", "docs/", "docs", ""}


def call(world: World, person: User | None, method: str, path: str, given: Any) -> Any:
    """Call an endpoint of this world as a person."""
    if given and "request" in given:
        ids = {"{request}": world.request_id, "{full}": world.full_id}
        given = {**given, "request": ids[given["request"]]}
    send = getattr(client_of(person), method)
    return send(world.path(path), given, headers=fresh_key())


@pytest.mark.parametrize(("method", "path", "given", "sides", "is_somebodys"), PRIVATE)
def test_private_things_are_for_their_owner_alone(
    world: World, method: str, path: str, given: Any, sides: set[Role], is_somebodys: bool
) -> None:
    if given is BREAK:
        loans.pay_instalments(world.loan, 3)  # before that a break has to be asked for
    anonymous = call(world, None, method, path, given)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")
    assert anonymous.headers["WWW-Authenticate"] == "Bearer"
    for role in EVERYONE - sides:
        assert call(world, people.person(role), method, path, given).status_code == 403
    stranger = people.person(next(iter(sides)))
    if is_somebodys:
        answer = call(world, stranger, method, path, given)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    owner = world.borrower if sides == BORROWER else world.lender
    assert call(world, owner, method, path, given).status_code in (200, 201, 204)


def test_no_endpoint_is_left_out() -> None:
    tested = {path for _, path, *_ in PRIVATE}
    patterns = (re.sub(r"<id:(\w+)_id>", r"{\1}", str(entry.pattern)) for entry in urlpatterns)
    known = {pattern.replace("<uuid:public_id>/", "{request}/") for pattern in patterns}
    assert known - PUBLIC - FOR_READERS == tested


@pytest.mark.parametrize("path", ["bids", "mandates", "holdings"])
def test_lists_hold_nothing_of_a_stranger(world: World, path: str) -> None:
    stranger = client_of(people.person(Role.LENDER))
    assert stranger.get(f"/api/v1/{path}").json() == {"next": None, "results": []}
    assert client_of(world.lender).get(f"/api/v1/{path}").json()["results"]


def test_a_token_that_is_none_is_refused_even_on_public_addresses(world: World) -> None:
    client = client_of(Authorization="Bearer nonsense")
    assert client.get("/api/v1/market/requests").status_code == 401
