"""Reading, signing and fetching a contract."""

from __future__ import annotations

from datetime import timedelta

from core import clock
from core.clock import day_of
from lending.models import Contract
from lending.services.contract_figures import quote_of
from lending.states import RequestStatus
from tests.factories import people, requests
from tests.factories.people import AT
from tests.web.conftest import browser_of, text_of
from web.templatetags.pari import euro

BOTH = {"has_read": "on", "agrees": "on"}


def test_the_figures_of_the_contract_stand_above_the_signature() -> None:
    filled = requests.filled_request()
    loan = quote_of(filled, disbursed_on=day_of(AT))
    source = text_of(browser_of(filled.borrower).get(f"/requests/{filled.pk}/sign/"))
    assert euro(loan.instalment_cents) in source
    assert euro(loan.total_payable_cents) in source
    assert "Pre-contract information (PDF)" in source
    assert "checked" not in source


def test_before_the_bids_are_binding_the_day_is_named_and_nothing_signed() -> None:
    filled = requests.filled_request()
    client, page = browser_of(filled.borrower), f"/requests/{filled.pk}/sign/"
    source = text_of(client.get(page))
    assert "You can sign from 9 Jan 2026 on." in source
    assert "disabled" in source
    assert "Lenders may still revoke" in text_of(client.post(page, BOTH))
    assert not Contract.objects.exists()


def test_a_contract_is_signed_and_fetched() -> None:
    filled = requests.filled_request()
    clock.set_business_date(day_of(AT) + timedelta(days=4), is_virtual=True)
    client = browser_of(filled.borrower)
    source = text_of(client.post(f"/requests/{filled.pk}/sign/", BOTH, follow=True))
    assert "The contract is signed." in source
    filled.refresh_from_db()
    assert filled.status == RequestStatus.ACCEPTED
    answer = client.get(f"/requests/{filled.pk}/contract.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer.content == bytes(filled.contract.pdf)
    stranger = browser_of(people.borrower())
    assert stranger.get(f"/requests/{filled.pk}/contract.pdf").status_code == 404


def test_both_declarations_are_needed() -> None:
    filled = requests.filled_request()
    clock.set_business_date(day_of(AT) + timedelta(days=4), is_virtual=True)
    answer = browser_of(filled.borrower).post(f"/requests/{filled.pk}/sign/", {"agrees": "on"})
    assert "Please fill this in." in text_of(answer)
    assert not Contract.objects.exists()


def test_the_pre_contract_information_is_a_document() -> None:
    filled = requests.filled_request()
    answer = browser_of(filled.borrower).get(f"/requests/{filled.pk}/pre-contract.pdf")
    assert answer.content.startswith(b"%PDF")


def test_what_is_not_funded_cannot_be_signed() -> None:
    listed = requests.listed_request()
    answer = browser_of(listed.borrower).get(f"/requests/{listed.pk}/sign/")
    assert answer["Location"] == f"/requests/{listed.pk}/"
