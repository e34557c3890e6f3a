"""Pay-ins that go back to where they were paid from, and those that come back from there."""

from uuid import uuid4

import pytest

from accounts.models import Role
from lending import verify as lending_verify
from lending.selectors.wallet import Reason, statement_lines, statement_of, wallet_of
from notifications.models import Message
from payments import verify
from payments.errors import NotRefundable, Unavailable, UnknownOutcome
from payments.models import PayIn, ProviderOperation, Refund
from payments.sandbox import control
from payments.services.refunds import refund_pay_in
from payments.services.sweep import sweep
from payments.states import RefundStatus
from tests.factories import people
from tests.flows.money import assert_money
from tests.payments import world
from tests.payments.faults import FaultyClient, timeout_after, timeout_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def pay_in() -> PayIn:
    world.begin()
    world.cover_charges()
    paid = world.pay_in(world.ready(Role.LENDER), 500_00)
    world.play(world.later(3))
    return paid


def back(pay_in: PayIn, cents: int, key=None, on=None) -> Refund:
    return refund_pay_in(
        pay_in_id=pay_in.pk,
        staff=people.staff(),
        amount_cents=cents,
        why="Paid twice",
        at=world.at(on or world.later(3)),
        request_key=key or uuid4(),
    )


def prove() -> None:
    assert_money("ledger", "payments")
    assert list(lending_verify.lenders_add_up()) == []


def test_it_goes_back_once_and_the_lender_reads_of_it(pay_in):
    key = uuid4()
    refund = back(pay_in, 200_00, key)
    assert back(pay_in, 200_00, key) == refund
    assert refund.status == RefundStatus.DONE  # a card's is
    assert wallet_of(pay_in.lender).cash_cents == 300_00
    assert wallet_of(pay_in.lender).in_transit_out_cents == 0
    lines = statement_lines(pay_in.lender, list(statement_of(pay_in.lender)))
    assert lines[0].reason == Reason.REFUNDED
    assert Message.objects.get(kind="refund_sent").person == pay_in.lender
    prove()


@pytest.mark.parametrize("cents", [0, -1, 500_01])
def test_no_more_than_was_paid_goes_back(pay_in, cents):
    with pytest.raises(NotRefundable):
        back(pay_in, cents)
    assert not Refund.objects.exists()


def test_what_went_back_or_was_spent_or_is_contested_does_not_go_back(pay_in):
    back(pay_in, 400_00)
    with pytest.raises(NotRefundable):
        back(pay_in, 100_01)
    world.withdraw(pay_in.lender, 60_00, world.later(3))
    with pytest.raises(NotRefundable):
        back(pay_in, 40_01)
    control.open_dispute(pay_in.payment_id, amount_cents=1_00)
    world.hear(world.later(3))
    with pytest.raises(NotRefundable):
        back(pay_in, 1_00)
    prove()


@pytest.mark.parametrize("is_told", [True, False])
def test_one_that_fails_after_it_succeeded_is_credited_again(pay_in, is_told):
    refund = back(pay_in, 200_00)
    control.fail_refund(refund.refund_id)
    if is_told:
        world.hear(world.later(4))
        world.hear(world.later(4))
    else:
        Refund.objects.update(status=RefundStatus.SENT)  # the word of it never came
        sweep(at=world.at(world.later(4)))
    refund.refresh_from_db()
    assert refund.status == RefundStatus.FAILED
    assert wallet_of(pay_in.lender).cash_cents == 500_00
    lines = statement_lines(pay_in.lender, list(statement_of(pay_in.lender)))
    assert lines[0].reason == Reason.REFUND_RETURNED
    assert Message.objects.filter(kind="refund_failed").count() == 1
    prove()


@pytest.mark.parametrize("fault", [timeout_before, timeout_after])
def test_an_answer_that_is_lost_moves_the_money_once(pay_in, wire: FaultyClient, fault):
    wire.faults = [("POST /v1/refunds", fault)] * 3
    with pytest.raises((UnknownOutcome, Unavailable)):
        back(pay_in, 200_00)
    assert wallet_of(pay_in.lender).in_transit_out_cents == 200_00
    assert list(verify.payouts_are_booked()) == []
    sweep(at=world.at(world.later(4)))
    refund = Refund.objects.get()
    assert refund.status == RefundStatus.DONE
    assert ProviderOperation.objects.filter(kind="refund").count() == 1
    prove()
