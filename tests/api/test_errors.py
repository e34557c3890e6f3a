"""Whatever goes wrong is told as a problem document, in the caller's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import Role
from api.views.me import MeView
from tests.api.conftest import client_of, fields
from tests.factories import people

pytestmark = pytest.mark.django_db

MEMBERS = {"type", "title", "status", "detail", "code", "errors", "facts"}


def post(body: bytes, content_type: str = "application/json") -> Any:
    """A raw body to the calculator."""
    return client_of().post("/api/v1/quotes", body, content_type=content_type)


def assert_problem(answer: Any, status: int, code: str) -> None:
    """The answer is a whole problem with this status and code."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert set(told) == MEMBERS
    assert told["status"] == status
    assert told["code"] == code
    assert told["type"] == f"urn:pari:problem:{code}"
    assert told["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"amount_cents": NaN}',
        b'{"amount_cents": Infinity}',
        b'{"amount_cents": 1, "amount_cents": 2}',
        b'{"amount_cents": ' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 20 + b"1" + b"}" * 20,
    ],
)
def test_a_body_that_is_no_json_of_ours_is_a_problem(body: bytes) -> None:
    assert_problem(post(body), 400, "parse_error")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"[1e309]"])
def test_a_body_that_is_no_object_is_a_problem(body: bytes) -> None:
    assert_problem(post(body), 400, "validation_failed")


def test_a_number_beyond_every_float_is_a_field_error() -> None:
    answer = post(b'{"amount_cents": 1e309, "annual_rate": "0.1", "term_months": 12}')
    assert fields(answer) == {"amount_cents": "invalid"}


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800"])
def test_text_that_cannot_be_stored_is_refused_where_it_stands(text: str) -> None:
    answer = post(f'{{"a": [{{"b": "{text}"}}]}}'.encode())
    assert answer.status_code == 400
    assert fields(answer) == {"a.0.b": "unstorable_text"}


def test_other_media_types_are_refused() -> None:
    assert_problem(post(b"a=1", "application/x-www-form-urlencoded"), 415, "unsupported_media_type")


def test_a_body_beyond_the_limit_is_refused(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert_problem(post(b'{"a": "' + b"x" * 1_000 + b'"}'), 413, "too_large")


def test_answers_in_other_forms_are_not_to_be_had() -> None:
    answer = client_of(Accept="text/html").get("/api/v1/market/requests")
    assert_problem(answer, 406, "not_acceptable")


@pytest.mark.parametrize("method", ["delete", "put", "patch", "options", "trace"])
def test_other_methods_are_refused(method: str) -> None:
    answer = client_of().generic(method.upper(), "/api/v1/quotes")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/quotes", "/api/", "/api/v1/quotes/"])
def test_unknown_addresses_are_problems_too(path: str) -> None:
    assert_problem(client_of().get(path), 404, "not_found")


def test_pages_outside_the_api_keep_their_own_errors() -> None:
    answer = Client().get("/no/such/page")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_host_that_is_not_ours_is_a_problem() -> None:
    answer = client_of().get("/api/v1/market/requests", headers={"host": "evil.example"})
    assert_problem(answer, 400, "bad_request")


def test_an_unknown_parameter_is_named() -> None:
    answer = client_of().get("/api/v1/market/requests?grad=A")
    assert_problem(answer, 400, "validation_failed")
    assert fields(answer) == {"grad": "unknown_parameter"}


def test_a_fault_of_ours_tells_nothing_but_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(MeView, "get", fail)
    answer = client_of(people.person(Role.LENDER)).get("/api/v1/me")
    assert_problem(answer, 500, "unexpected")
    assert "secret" not in answer.content.decode()


def test_a_database_that_gives_up_asks_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(MeView, "get", fail)
    answer = client_of(people.person(Role.LENDER)).get("/api/v1/me")
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_language_is_that_of_the_header_else_that_of_the_person() -> None:
    german = people.person(Role.BORROWER, language="de")
    by_person = client_of(german).get("/api/v1/wallet/entries?x=1")
    by_header = client_of(german, **{"Accept-Language": "en"}).get("/api/v1/wallet/entries?x=1")
    assert by_person.headers["Content-Language"] == "de"
    assert by_header.headers["Content-Language"] == "en"
    stranger = client_of(**{"Accept-Language": "de-AT,de;q=0.9"}).get("/api/v1/me")
    assert stranger.headers["Content-Language"] == "de"
