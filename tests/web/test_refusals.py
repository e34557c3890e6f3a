"""Each form wrongly filled in, in both languages: told at its field, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Role, User
from lending.models import LoanRequest, Mandate, Offer
from lending.states import RequestStatus
from payments.models import PayIn, Payout
from tests.factories import people, requests
from tests.web.conftest import browser_of, text_of
from tests.web.reading import chosen_in, refusal_at, typed_into

LANGUAGES: Final = ("de", "en")
KEY: Final = str(uuid4())


class Told(NamedTuple):
    """What is typed into a field, and what is told there, each in German and in English."""

    field: str
    typed: tuple[str, str]
    told: tuple[str, str]


def _both(typed: str) -> tuple[str, str]:
    return typed, typed


_NOT_A_NUMBER: Final = (
    "Bitte geben Sie einen Betrag ein, zum Beispiel 1.250,00.",
    "Please enter an amount, for example 1,250.00.",
)
_TOO_PRECISE: Final = (
    "Bitte geben Sie höchstens zwei Nachkommastellen ein.",
    "Please enter at most two digits for the cents.",
)
_MISSING: Final = ("Bitte füllen Sie dieses Feld aus.", "Please fill this in.")
_POOR: Final = (
    "Der verfügbare Betrag reicht dafür nicht aus.",
    "There is not enough money available for this.",
)


def _is_told(answer: Any, language: str, case: Told) -> None:
    """The refusal stands at its field in the reader's language, beside what was typed."""
    place = LANGUAGES.index(language)
    name = case.field.partition("-")[2] or case.field
    assert answer.status_code == 200
    assert refusal_at(answer, case.field) == case.told[place]
    assert typed_into(answer, case.field) == case.typed[place], name
    assert f'<html lang="{language}"' in text_of(answer)


def _ids(case: Told) -> str:
    return f"{case.field}={case.typed[1][:12] or 'nothing'}"


def _table(*cases: Told) -> Callable[..., Any]:
    """Run a test for each case in each language."""

    def over(test: Callable[..., Any]) -> Callable[..., Any]:
        each_case = pytest.mark.parametrize("case", cases, ids=_ids)
        each_language = pytest.mark.parametrize("language", LANGUAGES)
        return each_language(each_case(test))

    return over


# --- A bid ---------------------------------------------------------------------------------------


@_table(
    Told("amount", _both(""), _MISSING),
    Told("amount", _both("viel"), _NOT_A_NUMBER),
    Told("amount", ("1,000.505", "1.000,505"), _TOO_PRECISE),
    Told(
        "amount",
        ("24,99", "24.99"),
        ("Das Mindestgebot beträgt 25,00 €.", "The smallest bid is €25.00."),
    ),
    Told(
        "amount",
        ("1.000,50", "1,000.50"),
        ("Gebote sind in Schritten von 25,00 € möglich.", "Bids go in steps of €25.00."),
    ),
    Told(
        "amount",
        ("5.025", "5,025"),
        (
            "Bei diesem Kreditgesuch sind nur noch 5.000,00 € offen.",
            "Only €5,000.00 of this request is still open.",
        ),
    ),
)
def test_a_bid(language: str, case: Told) -> None:
    client = browser_of(people.lender(cash_cents=9_000_00), language=language)
    data = {"amount": case.typed[LANGUAGES.index(language)], "request_key": KEY}
    answer = client.post(f"/market/{requests.listed_request().public_id}/bid/", data)
    _is_told(answer, language, case)
    assert typed_into(answer, "request_key") == KEY


@_table(Told("amount", ("1.000", "1,000"), _POOR))
def test_a_bid_without_the_money_for_it(language: str, case: Told) -> None:
    client = browser_of(people.lender(cash_cents=999_99), language=language)
    typed = case.typed[LANGUAGES.index(language)]
    data = {"amount": typed, "request_key": KEY, "confirmed": "yes"}
    answer = client.post(f"/market/{requests.listed_request().public_id}/bid/", data)
    _is_told(answer, language, case)
    assert not Offer.objects.exists()


# --- The wallet ----------------------------------------------------------------------------------

_WITHDRAWALS: Final = (
    Told("amount", _both(""), _MISSING),
    Told("amount", _both("alles"), _NOT_A_NUMBER),
    Told(
        "amount",
        ("0,99", "0.99"),
        ("Bitte geben Sie mindestens 1,00 € ein.", "Please enter at least €1.00."),
    ),
    Told(
        "amount",
        ("1.000,51", "1,000.51"),
        (
            "Dieser Betrag kann heute nicht ausgezahlt werden.",
            "This amount cannot be withdrawn today.",
        ),
    ),
)


@_table(*_WITHDRAWALS)
def test_a_withdrawal(language: str, case: Told) -> None:
    client = browser_of(people.lender(cash_cents=1_000_50), language=language)
    data = {"amount": case.typed[LANGUAGES.index(language)], "request_key": KEY}
    _is_told(client.post("/wallet/withdraw/", data), language, case)
    assert not Payout.objects.exists()


_LIMITS: Final = (
    "Bitte wählen Sie einen Betrag innerhalb der Grenzen.",
    "Please choose an amount within the limits.",
)


@_table(
    Told("amount", _both(""), _MISSING),
    Told("amount", _both("-5"), ("Bitte geben Sie einen Betrag über null ein.",
                                 "Please enter an amount above zero.")),
    Told("amount", ("9,99", "9.99"), _LIMITS),
    Told("amount", ("100.000,01", "100,000.01"), _LIMITS),
)  # fmt: skip
def test_a_pay_in(language: str, case: Told) -> None:
    client = browser_of(people.lender(), language=language)
    data = {"amount": case.typed[LANGUAGES.index(language)], "request_key": KEY}
    _is_told(client.post("/wallet/pay-in/", data), language, case)
    assert not PayIn.objects.exists()


# --- An application ------------------------------------------------------------------------------


def _draft(language: str) -> tuple[Client, LoanRequest]:
    person = people.borrower(language=language)
    client = browser_of(person, language=language)
    client.post("/requests/start/")
    return client, LoanRequest.objects.get(borrower=person, status=RequestStatus.DRAFT)


@_table(
    Told("amount_cents", ("999,99", "999.99"), (
        "Bitte mindestens 1.000,00 €.", "At least €1,000.00, please.")),
    Told("amount_cents", ("1.000,50", "1,000.50"), (
        "Nur in Schritten von 25,00 €.", "Only in steps of €25.00.")),
    Told("max_rate", ("7,2,5", "7.2.5"), (
        "Bitte geben Sie einen Zinssatz in Prozent ein, zum Beispiel 7,25.",
        "Please enter a rate in percent, for example 7.25.")),
)  # fmt: skip
def test_the_amount_asked_for(language: str, case: Told) -> None:
    client, draft = _draft(language)
    told = {"amount_cents": "5000", "term_months": "48", "purpose": "car", "due_day": "15"}
    typed = case.typed[LANGUAGES.index(language)]
    answer = client.post(f"/requests/{draft.pk}/amount/", told | {case.field: typed})
    _is_told(answer, language, case)
    assert [chosen_in(answer, name) for name in ("term_months", "purpose", "due_day")] == [
        "48",
        "car",
        "15",
    ]
    draft.refresh_from_db()
    assert draft.amount_cents is None


@_table(
    Told("title", _both("Car"), (
        "Bitte schreiben Sie mindestens 5 Zeichen.", "Please write at least 5 characters.")),
    Told("story", _both("Write to jana@example.org, I answer at once."), (
        "Bitte geben Sie keine Adressen, Links oder Kontonummern an: "
        "Dieser Text ist für alle lesbar.",
        "Please leave out addresses, links and account numbers: everyone can read this.")),
)  # fmt: skip
def test_the_words_to_lenders(language: str, case: Told) -> None:
    client, draft = _draft(language)
    told = {"title": "A used estate car", "story": "The old one will not pass its inspection."}
    typed = case.typed[LANGUAGES.index(language)]
    answer = client.post(f"/requests/{draft.pk}/story/", told | {case.field: typed})
    _is_told(answer, language, case)
    kept = {name: typed_into(answer, name) for name in told}
    assert kept == told | {case.field: typed}


# --- A mandate -----------------------------------------------------------------------------------

_MANDATE: Final = {
    "name": "Sichere",
    "grades": ["A", "B"],
    "max_mark": "3",
    "min_stake_cents": "25",
    "max_per_loan_cents": "250",
    "max_per_borrower_cents": "500",
    "reserve_cents": "0",
    "priority": "7",
}


@_table(
    Told("name", _both(""), _MISSING),
    Told("max_per_loan_cents", ("1.000,50", "1,000.50"), (
        "Nur in Schritten von 25,00 €.", "Only in steps of €25.00.")),
    Told("max_per_loan_cents", _both("0"), (
        "Bitte mindestens 25,00 €.", "At least €25.00, please.")),
    Told("min_rate", _both("99"), ("Bitte höchstens 18,00 %.", "At most 18.00%, please.")),
    Told("max_rate", ("0,5", "0.5"), (
        "Mit diesen Einstellungen könnte der Anlageauftrag nie ein Angebot abgeben.",
        "This mandate could never place an offer as it stands.")),
    Told("end_on", _both("2026-01-04"), (
        "Bitte mindestens 05.01.2026.", "At least 5 Jan 2026, please.")),
)  # fmt: skip
def test_a_mandate(language: str, case: Told) -> None:
    client = browser_of(people.lender(), language=language)
    typed = case.typed[LANGUAGES.index(language)]
    answer = client.post("/mandates/new/", {**_MANDATE, case.field: typed})
    _is_told(answer, language, case)
    assert typed_into(answer, "priority") == "7"
    source = answer.content.decode()
    assert source.count("checked") == len(_MANDATE["grades"])
    assert not Mandate.objects.exists()


# --- A person ------------------------------------------------------------------------------------

_PROFILE: Final = {
    "first_name": "Jörg",
    "last_name": "Groß",
    "date_of_birth": "1988-04-17",
    "street": "Lindenweg 5",
    "postcode": "1010",
    "city": "Wien",
    "country": "AT",
}


@_table(
    Told("last_name", _both(""), _MISSING),
    Told("date_of_birth", _both("2009-04-17"), (
        "Sie müssen mindestens 18 Jahre alt sein.", "You have to be 18 years old or older.")),
)  # fmt: skip
def test_a_profile(language: str, case: Told) -> None:
    person = people.person(Role.LENDER, language=language)
    typed = case.typed[LANGUAGES.index(language)]
    told = _PROFILE | {case.field: typed}
    answer = browser_of(person, language=language).post("/profile/", told)
    _is_told(answer, language, case)
    assert {name: typed_into(answer, name) for name in told if name != "country"} == {
        name: text for name, text in told.items() if name != "country"
    }
    assert chosen_in(answer, "country") == "AT"


def _identified(language: str) -> User:
    return people.identify(people.person(Role.LENDER, language=language))


@_table(
    Told("bank-iban", _both(""), _MISSING),
    Told("bank-iban", _both("DE00 1234"), (
        "Diese IBAN kann nicht stimmen. Bitte prüfen Sie sie.",
        "This IBAN cannot be right. Please check it.")),
)  # fmt: skip
def test_a_bank_account(language: str, case: Told) -> None:
    client = browser_of(_identified(language), language=language)
    typed = case.typed[LANGUAGES.index(language)]
    told = {"bank-holder_name": "Jörg Groß", "bank-iban": typed, "bank-agrees": "on"}
    answer = client.post("/profile/bank/", told)
    _is_told(answer, language, case)
    assert typed_into(answer, "bank-holder_name") == "Jörg Groß"


# --- The calculator ------------------------------------------------------------------------------

_BOUNDS: Final = (
    "Bitte wählen Sie einen Wert zwischen 1.000,00 € und 50.000,00 €.",
    "Please choose between €1,000.00 and €50,000.00.",
)


@_table(
    Told("amount", _both("viel"), _NOT_A_NUMBER),
    Told("amount", ("999,99", "999.99"), _BOUNDS),
    Told("amount", ("50.025", "50,025"), _BOUNDS),
)
def test_the_calculator(language: str, case: Told) -> None:
    asked = {"amount": case.typed[LANGUAGES.index(language)], "months": "24", "grade": "F"}
    answer = Client(HTTP_ACCEPT_LANGUAGE=language).get("/", asked)
    _is_told(answer, language, case)
    assert chosen_in(answer, "months") == "24"
    assert answer.context["quote"] is None
