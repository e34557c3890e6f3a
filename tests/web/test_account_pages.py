"""Signing up, logging in, and a forgotten password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Role, User
from tests.factories import people
from tests.factories.people import PASSWORD
from tests.web.conftest import browser_of, text_of

NEW = {
    "role": "borrower",
    "email": "new@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "language": "de",
}


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    """Let a test try as often as it likes."""
    settings.ACCOUNT_RATE_LIMITS = False


def _link() -> str:
    """The link in the latest letter, without the site."""
    found = re.search(r"https?://[^/\s]+(/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def test_a_person_signs_up_confirms_the_address_and_is_in() -> None:
    client = Client(HTTP_ACCEPT_LANGUAGE="de")
    answer = client.post("/accounts/signup/", NEW, follow=True)
    assert "Postfach" in text_of(answer)
    person = User.objects.get(email="new@example.org")
    assert (person.role, person.language, person.is_staff) == (Role.BORROWER, "de", False)
    assert mail.outbox[-1].subject == "Bitte bestätigen Sie Ihre E-Mail-Adresse"
    link = _link()
    assert "new@example.org" in text_of(client.get(link))
    assert client.post(link)["Location"] == "/home/"


@pytest.mark.parametrize(
    ("field", "given", "told"),
    [
        ("role", "", "Please fill this in."),
        ("role", "staff", "Select a valid choice"),
        ("email", "nobody", "valid email"),
        ("password1", "short", "too short"),
        ("password2", "something else", "same password"),
    ],
)
def test_a_wrong_sign_up_is_told_next_to_the_field(
    visitor: Client, field: str, given: str, told: str
) -> None:
    source = text_of(visitor.post("/accounts/signup/", NEW | {field: given}))
    assert f'id="id_{field}_error"' in source
    assert told in source
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_address_that_is_taken_is_not_betrayed(visitor: Client) -> None:
    person = people.lender()
    answer = visitor.post("/accounts/signup/", NEW | {"email": person.email}, follow=True)
    assert "look into your mailbox" in text_of(answer)
    assert "already" in mail.outbox[-1].body


def test_a_person_logs_in_and_out() -> None:
    person, client = people.lender(), Client(HTTP_ACCEPT_LANGUAGE="en")
    given = {"login": person.email.upper(), "password": PASSWORD}
    assert "Overview" in text_of(client.post("/accounts/login/", given, follow=True))
    assert "You are logged out." in text_of(client.post("/accounts/logout/", follow=True))


def test_a_login_leads_where_the_person_wanted_to_go(visitor: Client) -> None:
    person = people.lender()
    given = {"login": person.email, "password": PASSWORD, "next": "/wallet/"}
    assert visitor.post("/accounts/login/", given)["Location"] == "/wallet/"


def test_a_wrong_password_says_nothing_about_the_address(visitor: Client) -> None:
    person = people.lender()
    told = {
        text_of(visitor.post("/accounts/login/", {"login": login, "password": "wrong"})).count(
            "alert-error"
        )
        for login in (person.email, "nobody@example.org")
    }
    assert told == {1}


def test_a_forgotten_password_is_replaced_by_a_link(visitor: Client) -> None:
    person = people.lender()
    answer = visitor.post("/accounts/password/reset/", {"email": person.email}, follow=True)
    assert "look into your mailbox" in text_of(answer)
    assert mail.outbox[-1].subject == "Choose a new password"
    page = visitor.get(_link(), follow=True)
    chosen = {"password1": f"{PASSWORD} 2", "password2": f"{PASSWORD} 2"}
    visitor.post(page.request["PATH_INFO"], chosen)
    person.refresh_from_db()
    assert person.check_password(f"{PASSWORD} 2")
    assert "no longer valid" in text_of(visitor.get(_link(), follow=True))


def test_an_unknown_address_gets_a_letter_too(visitor: Client) -> None:
    visitor.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert mail.outbox[-1].subject == "No account with this address"


def test_a_password_is_changed(visitor: Client) -> None:
    person = people.lender()
    client = browser_of(person)
    chosen = {"oldpassword": PASSWORD, "password1": f"{PASSWORD} 2", "password2": f"{PASSWORD} 2"}
    client.post("/accounts/password/change/", chosen)
    person.refresh_from_db()
    assert person.check_password(f"{PASSWORD} 2")


@pytest.mark.parametrize(
    "page", ["/accounts/email/", "/accounts/password/change/", "/accounts/logout/"]
)
def test_the_pages_of_the_login_package_wear_our_dress(page: str) -> None:
    source = text_of(browser_of(people.lender()).get(page))
    assert "mainnav" in source
    assert "btn" in source
