"""When money may leave: after its season, and not at once to a bank account that was changed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import BankStatus, Role
from accounts.selectors import active_bank_account, latest_bank_account
from core import clock
from core.dates import business_days_after
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from lending.domain.due_dates import payable_on
from notifications.models import Message
from payments import seasoning, selectors
from payments.errors import CoolingDown, NotConfirmed, NotWithdrawable, NotYetFinal
from payments.gateway import gateway
from payments.models import Collection, Payout
from payments.sandbox import control
from payments.services import bank_accounts, pay_ins, payouts, sweep
from payments.services.withdrawals import request_withdrawal
from payments.states import PayoutStatus
from tests.api.conftest import client_of
from tests.factories import people
from tests.payments import world
from tests.payments.faults import timeout_before

pytestmark = pytest.mark.django_db

OTHER_IBAN = "DE08370400440532013003"


@pytest.fixture(autouse=True)
def _time_begins(db: None) -> None:
    world.begin()


def withdraw(lender, cents, on):
    return request_withdrawal(
        lender=lender, amount_cents=cents, at=world.at(on), request_key=uuid4()
    )


def test_a_debit_paid_in_leaves_after_eight_weeks_and_is_told_of_until_then():
    lender = world.rich_lender(300_00)
    opened = pay_ins.start_pay_in(lender=lender, amount_cents=200_00, at=world.at())
    control.pay_session(opened.session_id, iban=control.GOOD_IBAN)
    on = world.later(4)
    world.play(on)
    opened.refresh_from_db()
    final = opened.seasoned_on
    assert (final - clock.day_of(opened.confirmed_at)).days == 56
    assert [tuple(each) for each in seasoning.waiting_money(lender, on)] == [
        (final, seasoning.Source.PAY_IN, 200_00)
    ]
    with pytest.raises(NotYetFinal) as refusal:
        withdraw(lender, 300_01, on)
    assert refusal.value.facts == {"most_cents": 300_00, "from_on": final}
    with pytest.raises(NotWithdrawable) as refusal:
        withdraw(lender, 500_01, on)
    assert not isinstance(refusal.value, NotYetFinal)
    with pytest.raises(NotYetFinal):
        withdraw(lender, 500_00, final - timedelta(days=1))
    assert withdraw(lender, 500_00, final).amount_cents == 500_00


def test_an_instalment_passed_on_leaves_after_five_bank_days():
    loan, _, lender, on = world.paid_out_loan()
    due = payable_on(world.first_instalment(loan).due_on)
    world.live_until(due, on)
    share = Collection.objects.get().repayment.shares.get()
    got = share.principal_cents + share.interest_cents - share.fee_cents
    final = business_days_after(due, 5)
    assert seasoning.waiting_money(lender, due) == [
        seasoning.Waiting(final, seasoning.Source.INSTALMENT, got)
    ]
    assert selectors.withdrawable_cents(lender, due) == 500_00
    assert selectors.withdrawable_from(lender, 500_01, due) == final
    assert selectors.withdrawable_cents(lender, final) == 500_00 + got


def test_the_wallet_and_the_form_name_the_day(client: Client):
    lender = world.rich_lender(300_00)
    opened = pay_ins.start_pay_in(lender=lender, amount_cents=200_00, at=world.at())
    control.pay_session(opened.session_id, iban=control.GOOD_IBAN)
    world.play(world.later(4))
    clock.set_business_date(world.later(4), is_virtual=True)
    client.force_login(lender)
    client.cookies["django_language"] = "en"
    for address in ("/wallet/", "/wallet/withdraw/"):
        page = client.get(address).content.decode()
        assert "can leave from 6 Mar 2026" in page
        assert "300.00" in page
    asked = {"amount": "400", "request_key": str(uuid4())}
    page = client.post("/wallet/withdraw/", asked).content.decode()
    assert "it can leave from 6 Mar 2026 on" in page
    told = client_of(lender).get("/api/v1/wallet").json()
    assert (told["cash_cents"], told["withdrawable_cents"]) == (500_00, 300_00)


def test_another_bank_account_needs_the_password_a_letter_and_a_day():
    lender = world.rich_lender(300_00)
    on = world.later(3)
    world.play(on)
    given = {
        "user": lender,
        "iban": OTHER_IBAN,
        "holder_name": "Jana Sommer",
        "accepted": world.PROOF,
        "at": world.at(on),
    }
    for wrong in ("", "not it"):
        with pytest.raises(NotConfirmed):
            bank_accounts.add(**given, password=wrong)
    asked_before = withdraw(lender, 10_00, on)
    bank_accounts.add(**given, password=people.PASSWORD)
    account = active_bank_account(lender)
    assert account.iban_masked.endswith("30 03")
    letter = Message.objects.get(kind="bank_account_changed")
    assert letter.person_id == lender.pk
    with pytest.raises(CoolingDown) as refusal:
        withdraw(lender, 10_00, on)
    assert refusal.value.facts["from_at"] == world.at(on) + timedelta(hours=24)
    assert payouts.send(payout_id=asked_before.pk, at=world.at(on)).status == PayoutStatus.REQUESTED
    later = on + timedelta(days=1)
    assert payouts.send(payout_id=asked_before.pk, at=world.at(later)).status == PayoutStatus.SENT
    assert withdraw(lender, 10_00, later).amount_cents == 10_00
    assert Payout.objects.count() == 2


def test_the_first_bank_account_needs_neither():
    lender = world.rich_lender(300_00)
    assert active_bank_account(lender).payouts_from is None
    assert not Message.objects.filter(kind="bank_account_changed").exists()
    assert withdraw(lender, 10_00, world.MONDAY).amount_cents == 10_00


def test_a_mandate_is_shown_with_its_proof_and_can_be_revoked(client: Client, wire):
    borrower, stranger = world.ready(Role.BORROWER), world.ready(Role.BORROWER)
    method = world.method_of(borrower)
    client.force_login(borrower)
    shown = client.get("/profile/").content.decode()
    for proof in (world.PROOF.text, world.PROOF.ip, world.PROOF.user_agent):
        assert proof in shown
    assert client.post("/profile/bank/revoke/").status_code == 302
    account = latest_bank_account(borrower)
    assert (account.status, account.mandate_revoked_at is not None) == (BankStatus.INACTIVE, True)
    assert active_bank_account(stranger) is not None
    assert Message.objects.get(kind="mandate_revoked").person_id == borrower.pk
    wire.faults = [("POST /v1/payment_methods", timeout_before)] * 3
    assert sweep.sweep(at=world.at())["forgotten"] == 0
    assert sweep.sweep(at=world.at())["forgotten"] == 1
    listed = control.shown("payment_method", method)
    assert listed["customer"] is None
    assert gateway() is not None
    assert balance_cents(Money.CASH, borrower.pk) == 0
    assert client.post("/profile/bank/revoke/").status_code == 302
