"""Getting and losing a token."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from rest_framework.authtoken.models import Token

from accounts.models import Role, User
from tests.api.conftest import client_of, fields, fresh_address
from tests.factories import people
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db


def someone() -> User:
    """A lender whose address no earlier run can have locked out."""
    return people.person(Role.LENDER, email=f"{uuid4().hex}@example.org")


def log_in(email: str, password: str = PASSWORD) -> Any:
    """Ask for a token."""
    given = {"email": email, "password": password}
    return client_of().post("/api/v1/tokens", given, **fresh_address())


def test_a_token_opens_the_api_until_it_is_revoked() -> None:
    person = someone()
    answer = log_in(person.email.upper())
    assert answer.status_code == 201
    client = client_of(Authorization=f"Bearer {answer.json()['token']}")
    assert client.get("/api/v1/me").json()["email"] == person.email
    assert client.delete("/api/v1/tokens").status_code == 204
    gone = client.get("/api/v1/me")
    assert gone.status_code == 401
    assert gone.headers["WWW-Authenticate"] == "Bearer"


def test_asking_again_gives_the_same_token() -> None:
    person = someone()
    assert log_in(person.email).json() == log_in(person.email).json()
    assert Token.objects.filter(user=person).count() == 1


@pytest.mark.parametrize(("email", "password"), [(None, "wrong"), ("nobody@example.org", PASSWORD)])
def test_wrong_credentials_are_refused_alike(email: str | None, password: str) -> None:
    answer = log_in(email or someone().email, password)
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_credentials"


def test_the_address_must_be_confirmed_first() -> None:
    person = someone()
    EmailAddress.objects.filter(user=person).update(verified=False)
    answer = log_in(person.email)
    assert (answer.status_code, answer.json()["code"]) == (401, "email_not_verified")


def test_who_was_locked_out_gets_none() -> None:
    person = someone()
    User.objects.filter(pk=person.pk).update(is_active=False)
    answer = log_in(person.email)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


def test_guessing_one_persons_password_is_stopped() -> None:
    person = someone()
    codes = [log_in(person.email, f"guess {number}").json()["code"] for number in range(7)]
    assert codes[0] == "wrong_credentials"
    assert codes[-1] == "throttled"
    assert log_in(person.email).status_code == 429


def test_missing_and_strange_fields_are_named() -> None:
    answer = client_of().post("/api/v1/tokens", {"email": 5, "otp": "1"})
    assert answer.status_code == 400
    assert fields(answer) == {"email": "invalid", "password": "required", "otp": "unknown_field"}


def test_the_session_of_the_pages_counts_too_but_needs_the_csrf_token() -> None:
    person = someone()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    assert browser.get("/api/v1/me").json()["id"] == person.pk
    refused = browser.delete("/api/v1/tokens")
    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_private_answers_are_kept_by_no_cache() -> None:
    answer = client_of(someone()).get("/api/v1/me")
    assert "no-store" in answer.headers["Cache-Control"]
