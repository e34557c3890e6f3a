"""The sandbox's hosted pages: what a person does there reaches our side at once."""

import pytest
from django.test import Client

from accounts.models import BankStatus, Role
from accounts.selectors import active_bank_account, is_identified, latest_bank_account
from core import clock
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from payments.sandbox import control
from payments.services import bank_accounts, identity, pay_ins
from payments.states import PayInStatus
from tests.payments import world

pytestmark = pytest.mark.django_db

BACK = "http://testserver/wallet/"


def path(url: str) -> str:
    """The path and query of a hosted page."""
    return url.partition("testserver")[2]


@pytest.fixture
def lender():
    return world.ready(Role.LENDER)


def opened(lender, cents: int = 50_00):
    return pay_ins.start_pay_in(lender=lender, amount_cents=cents, at=clock.now(), return_url=BACK)


def test_paying_by_card_goes_back_with_the_money_in_the_wallet(lender):
    pay_in = opened(lender)
    page = Client().get(path(pay_in.url))
    assert page.status_code == 200
    assert "50" in page.content.decode()
    answer = Client().post(path(pay_in.url), {"method": "card", "card": "4000 0566 5566 5556"})
    assert (answer.status_code, answer["Location"]) == (302, BACK)
    assert balance_cents(Money.CASH, lender.pk) == 50_00
    assert Client().get(path(pay_in.url)).status_code == 410


def test_paying_by_debit_goes_back_with_the_money_on_its_way(lender):
    pay_in = opened(lender)
    Client().post(path(pay_in.url), {"method": "sepa_debit", "iban": control.GOOD_IBAN})
    pay_in.refresh_from_db()
    assert pay_in.status == PayInStatus.PENDING
    assert balance_cents(Money.CASH, lender.pk) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"method": "card", "card": "4242424242424242"},
        {"method": "card", "card": "4000000000000002"},
        {"method": "card", "card": "1"},
        {"method": "sepa_debit", "iban": "DE00"},
        {"method": "gold"},
        {},
    ],
)
def test_a_payment_that_is_refused_stays_on_the_page_and_credits_nothing(lender, given):
    pay_in = opened(lender)
    answer = Client().post(path(pay_in.url), given)
    assert answer.status_code == 200
    assert balance_cents(Money.CASH, lender.pk) == 0
    pay_in.refresh_from_db()
    assert pay_in.status == PayInStatus.OPEN
    again = Client().post(path(pay_in.url), {"method": "card", "card": "4000056655665556"})
    assert again.status_code == 302
    assert balance_cents(Money.CASH, lender.pk) == 50_00


def test_showing_a_document_identifies():
    user = world.person(Role.LENDER)
    url = identity.start(user=user, at=clock.now(), return_url=BACK)
    assert Client().get(path(url)).status_code == 200
    shown = {"first_name": "Jana", "last_name": "Sommer", "born_on": "1988-04-17"}
    bad = Client().post(path(url), shown | {"outcome": "document_expired"})
    assert bad["Location"] == BACK
    assert not is_identified(user)
    Client().post(path(url), shown)
    assert is_identified(user)
    assert Client().get(path(url)).status_code == 410


def test_agreeing_to_the_terms_makes_the_account_active_and_uses_up_the_link():
    user = world.person(Role.BORROWER)
    added = bank_accounts.add(
        user=user,
        iban=control.GOOD_IBAN,
        holder_name="Jana Sommer",
        accepted=world.PROOF,
        at=clock.now(),
        return_url=BACK,
    )
    url = path(added.onboarding_url)
    assert Client().get(url.partition("?")[0]).status_code == 410
    assert Client().post(url.partition("?")[0]).status_code == 410
    assert latest_bank_account(user).status == BankStatus.PENDING
    assert Client().get(url).status_code == 200
    assert Client().post(url)["Location"] == BACK
    assert active_bank_account(user) is not None
    assert Client().get(url).status_code == 410


@pytest.mark.parametrize("noun", ["checkout", "identity", "onboarding"])
def test_there_is_no_page_for_nothing_and_none_at_all_with_a_real_key(noun, settings):
    assert Client().get(f"/sandbox/{noun}/none/").status_code == 404
    settings.STRIPE_KEY = "sk_test_real"
    assert Client().get(f"/sandbox/{noun}/none/").status_code == 404
