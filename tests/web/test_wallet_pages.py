"""Money in and out on the pages."""

from __future__ import annotations

from uuid import uuid4

import pytest

from payments.gateway import gateway
from payments.models import PayIn, Payout
from payments.sandbox import control
from payments.services import pay_ins
from tests.factories import loans, people
from tests.factories.people import AT
from tests.web.conftest import browser_of, queries_of, text_of


def _order(amount: str) -> dict[str, str]:
    return {"amount": amount, "request_key": str(uuid4())}


def test_the_wallet_shows_where_the_money_is() -> None:
    lender = people.lender(cash_cents=1_234_56)
    source = text_of(browser_of(lender).get("/wallet/"))
    assert "€1,234.56" in source
    assert "Pay-in" in source
    assert "Can be withdrawn today" in source


def test_each_account_has_its_statement() -> None:
    loan = loans.loan(shares_cents=[500_00, 500_00])
    client = browser_of(loan.holdings.first().lender)
    assert "Reserved for a bid" in text_of(client.get("/wallet/?account=cash"))
    assert "Lent" in text_of(client.get("/wallet/?account=invested"))
    assert "No bookings yet" in text_of(client.get("/wallet/?account=outgoing"))


def test_a_statement_runs_over_pages() -> None:
    lender = people.lender()
    for _ in range(27):
        people.give_cash(lender, 10_00)
    client = browser_of(lender)
    source = text_of(client.get("/wallet/"))
    assert "Page 1 of 2" in source
    assert "€270.00" in source
    assert "€20.00" in text_of(client.get("/wallet/?page=2"))


def test_a_pay_in_leads_to_the_providers_page() -> None:
    lender = people.lender()
    answer = browser_of(lender).post("/wallet/pay-in/", _order("250"))
    started = PayIn.objects.get(lender=lender)
    assert started.amount_cents == 250_00
    assert answer["Location"] == started.url
    pending = text_of(browser_of(lender).get("/wallet/"))
    assert "Waiting for payment" in pending
    assert started.url.replace("&", "&amp;") in pending


def test_a_pay_in_sent_twice_is_one() -> None:
    client, order = browser_of(people.lender()), _order("250")
    for _ in range(2):
        client.post("/wallet/pay-in/", order)
    assert PayIn.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "told"),
    [("", "Please fill this in."), ("5", "within the limits"), ("200,000", "within the limits")],
)
def test_a_wrong_pay_in_is_told_next_to_the_field(amount: str, told: str) -> None:
    source = text_of(browser_of(people.lender()).post("/wallet/pay-in/", _order(amount)))
    assert 'id="id_amount_error"' in source
    assert told in source


def test_who_is_not_verified_is_led_to_it() -> None:
    person = people.person(people.Role.LENDER)
    source = text_of(browser_of(person).post("/wallet/pay-in/", _order("100")))
    assert "Please prove your identity first." in source
    assert "Before money can move" in source


def test_coming_back_without_paying_is_told() -> None:
    lender = people.lender()
    pay_ins.start_pay_in(lender=lender, amount_cents=100_00, at=AT)
    source = text_of(browser_of(lender).get("/wallet/pay-in/return/", follow=True))
    assert "The payment of €100.00 was not completed." in source


def test_money_is_withdrawn_to_the_own_account() -> None:
    lender = people.lender(cash_cents=500_00)
    source = text_of(browser_of(lender).post("/wallet/withdraw/", _order("200"), follow=True))
    assert "€200.00 are on their way to your bank account." in source
    assert Payout.objects.get(person=lender).amount_cents == 200_00
    assert "−€200.00" in source


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("600", "cannot be withdrawn today"),
        ("0", "at least €1.00"),
        ("all", "Please enter an amount"),
    ],
)
def test_a_wrong_withdrawal_is_told_next_to_the_field(amount: str, told: str) -> None:
    lender = people.lender(cash_cents=500_00)
    source = text_of(browser_of(lender).post("/wallet/withdraw/", _order(amount)))
    assert 'id="id_amount_error"' in source
    assert told in source
    assert not Payout.objects.exists()


def test_more_bookings_take_no_more_queries() -> None:
    lender = people.lender(cash_cents=100_00)
    client = browser_of(lender)
    client.get("/wallet/")
    few = queries_of(lambda: client.get("/wallet/"))
    for _ in range(3):
        people.give_cash(lender, 10_00)
    assert queries_of(lambda: client.get("/wallet/")) == few


def test_a_pay_in_that_is_not_wanted_is_called_off() -> None:
    lender = people.lender()
    client = browser_of(lender)
    started = pay_ins.start_pay_in(lender=lender, amount_cents=100_00, at=AT)
    assert "Call it off" in text_of(client.get("/wallet/"))
    off = f"/wallet/pay-in/{started.uuid}/off/"
    assert "The pay-in of €100.00 is off" in text_of(client.post(off, follow=True))
    assert gateway().checkout(started.session_id).status == "expired"
    assert "Pending" not in text_of(client.get("/wallet/"))


def test_a_pay_in_that_was_paid_meanwhile_is_credited_and_not_called_off() -> None:
    lender = people.lender()
    started = pay_ins.start_pay_in(lender=lender, amount_cents=100_00, at=AT)
    control.pay_session(started.session_id, card="4000056655665556")
    off = f"/wallet/pay-in/{started.uuid}/off/"
    source = text_of(browser_of(lender).post(off, follow=True))
    assert "€100.00 are in your wallet." in source
