"""Profile, identity check and bank account on one page."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import BankAccount, IdentityCheck, Profile, Role, User
from tests.factories import people
from tests.web.conftest import browser_of, text_of

TOLD = {
    "first_name": "Jana",
    "last_name": "Sommer",
    "date_of_birth": "1988-04-17",
    "street": "Lindenweg 5",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "phone": "",
}
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def person() -> User:
    """Somebody who only signed up."""
    return people.person(Role.LENDER)


@pytest.fixture
def client(person: User) -> Client:
    """Their browser."""
    return browser_of(person)


def test_the_steps_come_one_after_the_other(client: Client) -> None:
    source = text_of(client.get("/profile/"))
    assert "Fill in your profile first" in source
    assert "Start the check" not in source


def test_a_profile_is_saved_and_opens_the_next_step(client: Client, person: User) -> None:
    source = text_of(client.post("/profile/", TOLD, follow=True))
    assert "Your profile is saved." in source
    assert "Start the check" in source
    assert Profile.objects.get(user=person).full_name == "Jana Sommer"


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("first_name", "", "Please fill this in."),
        ("date_of_birth", "2015-01-01", "18 years old or older"),
        ("date_of_birth", "yesterday", "Enter a valid date."),
        ("postcode", "1011", "This value cannot be right."),
    ],
)
def test_a_wrong_profile_is_told_next_to_the_field(
    client: Client, field: str, typed: str, told: str
) -> None:
    source = text_of(client.post("/profile/", TOLD | {field: typed}))
    assert f'id="id_{field}_error"' in source
    assert told in source
    assert not Profile.objects.exists()


def test_a_verified_name_stays() -> None:
    lender = people.lender()
    source = text_of(browser_of(lender).post("/profile/", TOLD | {"first_name": "Other"}))
    assert "have been verified" in source


def test_the_identity_check_is_opened_at_the_provider(client: Client, person: User) -> None:
    client.post("/profile/", TOLD)
    answer = client.post("/profile/identity/")
    check = IdentityCheck.objects.get(user=person)
    assert check.provider_id in answer["Location"]
    back = client.get("/profile/identity/return/")
    assert back["Location"] == "/profile/#identity"


def test_without_a_profile_no_check_begins(client: Client) -> None:
    source = text_of(client.post("/profile/identity/", follow=True))
    assert not IdentityCheck.objects.exists()
    assert "alert-error" in source


def test_a_bank_account_needs_the_tick(client: Client) -> None:
    client.post("/profile/", TOLD)
    assert "checked" not in text_of(client.get("/profile/"))
    given = {"bank-holder_name": "Jana Sommer", "bank-iban": IBAN}
    source = text_of(client.post("/profile/bank/", given))
    assert 'id="id_bank-agrees_error"' in source
    assert not BankAccount.objects.exists()


def test_a_wrong_iban_is_told_next_to_the_field(client: Client) -> None:
    client.post("/profile/", TOLD)
    given = {"bank-holder_name": "Jana Sommer", "bank-iban": "DE00", "bank-agrees": "on"}
    source = text_of(client.post("/profile/bank/", given))
    assert 'id="id_bank-iban_error"' in source
    assert "This IBAN cannot be right." in source


def test_a_bank_account_keeps_the_mandates_words_but_not_the_iban(
    client: Client, person: User
) -> None:
    client.post("/profile/", TOLD)
    given = {"bank-holder_name": "Jana Sommer", "bank-iban": IBAN, "bank-agrees": "on"}
    answer = client.post("/profile/bank/", given)
    account = BankAccount.objects.get(user=person)
    assert answer.status_code == 302
    assert "payments into my wallet" in account.mandate_text
    assert "532013" not in account.iban_masked
    waiting = text_of(client.get("/profile/"))
    assert "still waits for you to agree" in waiting
    assert "onboarding" in client.post("/profile/bank/go-on/")["Location"]
    assert client.get("/profile/bank/return/")["Location"] == "/profile/#bank"


def test_going_on_without_a_waiting_account_leads_back() -> None:
    answer = browser_of(people.lender()).post("/profile/bank/go-on/")
    assert answer["Location"] == "/profile/#bank"


def test_a_borrowers_mandate_is_for_instalments() -> None:
    source = text_of(browser_of(people.borrower()).get("/profile/"))
    assert "the instalments of my loans" in source
