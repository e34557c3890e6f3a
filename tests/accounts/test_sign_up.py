"""Sign-up by page: role and language, a confirmed address, no word on who is known already."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from core import audit
from tests.factories import people
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db

SIGN_UP, LOG_IN = "/accounts/signup/", "/accounts/login/"
NEW: dict[str, str] = {
    "email": "New@Example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "role": "lender",
    "language": "en",
}


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    """Forget the attempts that the limits on sign-up and letters counted in other tests."""
    cache.clear()


def _sign_up(client: Client, **changes: str) -> Any:
    return client.post(SIGN_UP, NEW | changes)


def test_sign_up_makes_a_person_who_has_yet_to_confirm(client: Client) -> None:
    before = timezone.now()
    answer = _sign_up(client)
    user = User.objects.get()
    assert (user.email, user.role, user.language) == ("new@example.org", Role.LENDER, "en")
    assert before <= user.date_joined <= timezone.now()
    assert not (user.is_staff or user.is_superuser)
    assert [row.action for row in audit.trail(user)] == ["registered"]
    assert answer.status_code == 302 and "_auth_user_id" not in client.session
    assert len(mail.outbox) == 1


def test_the_link_in_the_letter_confirms_the_address(client: Client) -> None:
    _sign_up(client)
    found = re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert found
    client.post(found.group(1))
    assert EmailAddress.objects.get().verified


def test_nobody_enters_before_the_address_is_confirmed(client: Client) -> None:
    _sign_up(client)
    client.post(LOG_IN, {"login": "new@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_a_confirmed_person_enters_whatever_the_case_of_the_address(client: Client) -> None:
    user = people.person(Role.BORROWER, email="known@example.org")
    client.post(LOG_IN, {"login": "Known@Example.ORG", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("role", ["staff", "", "owner"])
def test_a_role_is_chosen_among_two(client: Client, role: str) -> None:
    answer = _sign_up(client, role=role)
    assert answer.status_code == 200
    assert "role" in answer.context["form"].errors
    assert not User.objects.exists()


def test_no_role_is_ticked_in_advance(client: Client) -> None:
    form = client.get(SIGN_UP).context["form"]
    assert form["role"].value() is None


def test_a_known_address_gets_a_letter_and_the_page_tells_nothing(client: Client) -> None:
    people.person(Role.BORROWER, email="new@example.org")
    answer = _sign_up(client)
    assert answer.status_code == 302
    assert User.objects.count() == 1
    assert len(mail.outbox) == 1
