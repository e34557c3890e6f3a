"""Bids: placed once under their key, listed to their lender alone, revoked while they may be."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Role, User
from api.idempotency import KEPT_DAYS, forget_answers
from api.models import IdempotencyRecord
from core import clock
from core.errors import StaleState
from ledger.chart import Role as AccountRole
from ledger.selectors import balance_cents
from lending.errors import RequestClosed, RequestFull
from lending.models import LoanRequest, Offer
from lending.services.offers import place_bid
from lending.states import OfferSource, OfferStatus, RequestStatus
from tests.api.conftest import client_of, fields, fresh_key
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market_day(db: None) -> None:
    """The market is open on the day on which the factories list their requests."""
    clock.set_business_date(clock.day_of(AT), is_virtual=True)


@pytest.fixture
def lender() -> User:
    return people.lender(cash_cents=500_00)


@pytest.fixture
def wanted() -> LoanRequest:
    return listed_request(amount_cents=1_000_00)


def body(wanted: LoanRequest, cents: int = 100_00) -> dict[str, Any]:
    """A bid."""
    return {"request": str(wanted.public_id), "amount_cents": cents}


def send(lender: User, given: Any, key: dict[str, str] | None = None) -> Any:
    """Place a bid under a key, a fresh one unless given."""
    return client_of(lender).post("/api/v1/bids", given, headers=key or fresh_key())


def reserved_cents(lender: User) -> int:
    """What the ledger holds back for offers."""
    return balance_cents(AccountRole.RESERVED, lender.pk)


def test_a_bid_reserves_the_money(lender: User, wanted: LoanRequest) -> None:
    answer = send(lender, body(wanted))
    assert answer.status_code == 201
    offer = Offer.objects.get()
    assert answer.json() == {
        "id": offer.pk,
        "request": str(wanted.public_id),
        "title": wanted.title,
        "amount_cents": 100_00,
        "cover": "solo",
        "status": OfferStatus.OPEN,
        "source": OfferSource.API,
        "mandate": None,
        "placed_at": answer.json()["placed_at"],
        "firm_on": "2026-01-09",
        "closed_at": None,
        "is_revocable": True,
    }
    assert reserved_cents(lender) == 100_00


def test_the_same_key_and_body_give_the_same_answer_once(lender: User, wanted: LoanRequest) -> None:
    key = fresh_key()
    first, second = (send(lender, body(wanted), key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert reserved_cents(lender) == 100_00


def test_the_order_of_fields_makes_no_other_request(lender: User, wanted: LoanRequest) -> None:
    key, given = fresh_key(), body(wanted)
    send(lender, given, key)
    assert send(lender, dict(reversed(given.items())), key).headers["Idempotent-Replayed"]


@pytest.mark.parametrize("path", ["/api/v1/bids", "/api/v1/mandates"])
def test_the_same_key_for_something_else_is_refused(
    lender: User, wanted: LoanRequest, path: str
) -> None:
    key = fresh_key()
    send(lender, body(wanted), key)
    other = {"name": "x", "max_per_loan_cents": 25_00, "max_per_borrower_cents": 25_00}
    given = body(wanted, 125_00) if path.endswith("bids") else other
    answer = client_of(lender).post(path, given, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert reserved_cents(lender) == 100_00


def test_two_people_may_use_one_key(lender: User, wanted: LoanRequest) -> None:
    key, other = fresh_key(), people.lender(cash_cents=100_00)
    assert send(lender, body(wanted), key).status_code == 201
    assert send(other, body(wanted), key).status_code == 201
    assert Offer.objects.count() == 2


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": ""}, {"Idempotency-Key": "a b"}])
def test_a_bid_without_a_usable_key_is_refused(
    lender: User, wanted: LoanRequest, key: dict[str, str]
) -> None:
    answer = client_of(lender).post("/api/v1/bids", body(wanted), headers=key)
    assert answer.status_code == 400
    assert fields(answer) == {"Idempotency-Key": "idempotency_key_missing"}
    assert not Offer.objects.exists()


def test_a_refusal_stays_under_its_key_and_a_fresh_key_tries_again(wanted: LoanRequest) -> None:
    poor, key = people.lender(cash_cents=50_00), fresh_key()
    refused = send(poor, body(wanted), key)
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")
    people.give_cash(poor, 50_00)
    again = send(poor, body(wanted), key)
    assert again.json() == refused.json()
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert send(poor, body(wanted)).status_code == 201


def test_input_that_cannot_be_read_leaves_the_key_free(lender: User, wanted: LoanRequest) -> None:
    key = fresh_key()
    assert send(lender, body(wanted, -1), key).status_code == 400
    assert send(lender, body(wanted), key).status_code == 201


def test_a_fault_of_ours_leaves_nothing_behind(
    lender: User, wanted: LoanRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    key = fresh_key()
    with monkeypatch.context() as patch:
        patch.setattr("api.views.bids.offer_of", fail)
        assert send(lender, body(wanted), key).status_code == 500
    assert not IdempotencyRecord.objects.exists()
    assert reserved_cents(lender) == 0
    assert send(lender, body(wanted), key).status_code == 201
    assert reserved_cents(lender) == 100_00


def test_what_only_changed_meanwhile_may_be_tried_again_under_its_key(
    lender: User, wanted: LoanRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(**_: Any) -> None:
        raise StaleState

    key = fresh_key()
    with monkeypatch.context() as patch:
        patch.setattr("api.views.bids.place_bid", changed)
        refused = send(lender, body(wanted), key)
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_state")
    assert send(lender, body(wanted), key).status_code == 201


def test_a_forgotten_answer_still_moves_no_money_twice(lender: User, wanted: LoanRequest) -> None:
    key = fresh_key()
    first = send(lender, body(wanted), key)
    now = clock.now()
    assert forget_answers(on=now.date(), at=now) == {"forgotten": 0}
    later = now + timedelta(days=KEPT_DAYS, seconds=1)
    assert forget_answers(on=later.date(), at=later) == {"forgotten": 1}
    assert send(lender, body(wanted), key).json() == first.json()
    assert reserved_cents(lender) == 100_00
    forget_answers(on=later.date(), at=later)
    other = send(lender, body(wanted, 125_00), key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"amount_cents": 24_00}, 422, {"amount_cents": "bid_too_small"}),
        ({"amount_cents": 30_00}, 422, {"amount_cents": "bid_off_step"}),
        ({"amount_cents": "10000"}, 400, {"amount_cents": "invalid"}),
        ({"amount_cents": 100.0}, 400, {"amount_cents": "invalid"}),
        ({"amount_cents": 10**25}, 400, {"amount_cents": "max_value"}),
        ({"request": 7}, 400, {"request": "invalid"}),
        ({"request": "{" + str(uuid4()) + "}"}, 400, {"request": "invalid"}),
        ({"request": str(uuid4())}, 404, {}),
        ({"lender": 5}, 400, {"lender": "unknown_field"}),
    ],
)
def test_bids_that_cannot_be_right_are_refused(
    lender: User, wanted: LoanRequest, changes: dict[str, Any], status: int, named: dict[str, str]
) -> None:
    answer = send(lender, body(wanted) | changes)
    assert answer.status_code == status
    assert fields(answer) == named
    assert reserved_cents(lender) == 0


def test_a_bid_beyond_what_is_missing_is_told_the_rest(wanted: LoanRequest) -> None:
    bid(people.lender(cash_cents=950_00), wanted, 950_00)
    answer = send(people.lender(cash_cents=100_00), body(wanted))
    assert (answer.status_code, answer.json()["code"]) == (409, "request_full")
    assert answer.json()["facts"] == {"missing_cents": 50_00}
    assert "€50.00" in answer.json()["detail"]


def test_a_bid_is_revoked_once_however_often_it_is_said(lender: User, wanted: LoanRequest) -> None:
    placed, key = send(lender, body(wanted)).json(), fresh_key()
    client, path = client_of(lender), f"/api/v1/bids/{placed['id']}/revoke"
    answers = [client.post(path, headers=key), client.post(path, headers=key)]
    assert [answer.json()["status"] for answer in answers] == [OfferStatus.REVOKED] * 2
    assert client.post(path, headers=fresh_key()).json()["status"] == OfferStatus.REVOKED
    assert reserved_cents(lender) == 0
    assert client.post(path, {"why": "x"}, headers=fresh_key()).status_code == 400


def test_a_binding_bid_is_not_revoked(lender: User, wanted: LoanRequest) -> None:
    placed = send(lender, body(wanted)).json()
    clock.set_business_date(clock.day_of(AT) + timedelta(days=4), is_virtual=True)
    client = client_of(lender)
    answer = client.post(f"/api/v1/bids/{placed['id']}/revoke", headers=fresh_key())
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late_to_revoke")
    assert client.get(f"/api/v1/bids/{placed['id']}").json()["is_revocable"] is False


@pytest.mark.parametrize("bid_id", [str(2**63 - 1), str(2**63), "9" * 40, "0", "-1", "1e3", "１"])
def test_ids_that_cannot_be_are_not_found(lender: User, bid_id: str) -> None:
    assert client_of(lender).get(f"/api/v1/bids/{bid_id}").status_code == 404


def test_the_list_is_filtered_and_walked_in_pages(lender: User, wanted: LoanRequest) -> None:
    ids = [send(lender, body(wanted)).json()["id"] for _ in range(3)]
    client = client_of(lender)
    client.post(f"/api/v1/bids/{ids[1]}/revoke", headers=fresh_key())
    opened = client.get("/api/v1/bids?status=open&source=api&source=hand").json()
    assert [row["id"] for row in opened["results"]] == [ids[2], ids[0]]
    first = client.get("/api/v1/bids?page_size=2").json()
    rest = client.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + rest["results"]] == ids[::-1]
    assert rest["next"] is None
    assert client.get("/api/v1/bids?status=lost").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_two_at_once_has_one_effect(lender: User, wanted: LoanRequest) -> None:
    key, client = fresh_key(), client_of(lender)
    answers = in_threads(
        *[lambda: client.post("/api/v1/bids", body(wanted), headers=key)] * 4,
    )
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert Offer.objects.count() == 1
    assert reserved_cents(lender) == 100_00


@pytest.mark.django_db(transaction=True)
def test_a_bid_by_token_and_a_bid_by_page_never_both_take_the_rest() -> None:
    last = listed_request(amount_cents=1_000_00)
    bid(people.lender(cash_cents=975_00), last, 975_00)
    by_token, by_page = (people.lender(cash_cents=25_00) for _ in range(2))
    client = client_of(by_token)

    def page() -> bool:
        try:
            place_bid(
                lender=by_page,
                request_id=last.pk,
                amount_cents=25_00,
                at=AT,
                request_key=uuid4(),
            )
        except (RequestClosed, RequestFull):
            return False
        return True

    answer, is_placed = in_threads(
        lambda: client.post("/api/v1/bids", body(last, 25_00), headers=fresh_key()), page
    )
    assert (answer.status_code == 201) != is_placed
    assert answer.status_code == 201 or answer.json()["code"] in ("request_full", "request_closed")
    last.refresh_from_db()
    assert (last.funded_cents, last.status) == (1_000_00, RequestStatus.FILLED)
    assert reserved_cents(by_token) + reserved_cents(by_page) == 25_00


@pytest.mark.django_db(transaction=True)
def test_one_balance_is_not_spent_twice_by_token_and_by_page() -> None:
    spender = people.lender(cash_cents=100_00)
    requests = [listed_request(amount_cents=1_000_00) for _ in range(2)]
    client = client_of(spender)

    def page() -> None:
        place_bid(
            lender=spender,
            request_id=requests[1].pk,
            amount_cents=100_00,
            at=AT,
            request_key=uuid4(),
        )

    in_threads(
        lambda: client.post("/api/v1/bids", body(requests[0]), headers=fresh_key()),
        page,
        tolerate=True,
    )
    assert Offer.objects.filter(lender=spender).count() == 1
    assert reserved_cents(spender) == 100_00
    assert balance_cents(AccountRole.CASH, spender.pk) == 0


def in_threads(*acts: Any, tolerate: bool = False) -> list[Any]:
    """Start all acts at the same moment, each on a connection of its own; their results."""
    results: list[Any] = [None] * len(acts)
    gate = Barrier(len(acts))

    def run(position: int) -> None:
        try:
            gate.wait(timeout=10)
            results[position] = acts[position]()
        except Exception as error:
            results[position] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(position,)) for position in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    if not tolerate:
        for result in results:
            if isinstance(result, Exception):
                raise result
    return results


def test_borrowers_and_staff_do_not_bid(wanted: LoanRequest) -> None:
    for role in (Role.BORROWER, Role.STAFF):
        answer = send(people.person(role), body(wanted))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_lender")
