"""What is private is read only by the person whose it is, and lists cost the same at any length."""

from uuid import uuid4

import pytest

from accounts.models import Role
from core.errors import NotFound
from payments import selectors
from payments.sandbox import control
from payments.services import pay_ins
from tests.payments import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _time_begins(db: None) -> None:
    world.begin()


def test_everyone_sees_their_own_payments_only():
    lender, stranger = world.rich_lender(200_00), world.ready(Role.LENDER)
    pay_in = selectors.pay_ins_of(lender).get()
    assert selectors.pay_in_of(lender, pay_in.uuid) == pay_in
    with pytest.raises(NotFound):
        selectors.pay_in_of(stranger, pay_in.uuid)
    with pytest.raises(NotFound):
        selectors.pay_in_of(lender, uuid4())
    assert not selectors.pay_ins_of(stranger)
    assert not selectors.payouts_of(stranger)
    assert not selectors.collections_of(stranger)


def test_pending_lists_hold_what_may_still_come():
    lender = world.ready(Role.LENDER)
    opened = pay_ins.start_pay_in(lender=lender, amount_cents=50_00, at=world.at())
    world.pay_in(lender, 60_00)
    assert list(selectors.pending_pay_ins_of(lender)) == [opened]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_payouts_costs_one_query(rows, django_assert_num_queries):
    lender = world.rich_lender(900_00)
    world.cover_charges()
    world.play(world.later(3))
    for _ in range(rows):
        world.withdraw(lender, 10_00, world.later(3))
    with django_assert_num_queries(1):
        assert len([str(row.loan) for row in selectors.payouts_of(lender)]) == rows
    assert selectors.pending_payouts_of(lender).count() == rows


def test_what_may_leave_is_cash_beyond_money_that_is_not_final():
    lender = world.rich_lender(300_00)
    opened = pay_ins.start_pay_in(lender=lender, amount_cents=200_00, at=world.at())
    control.pay_session(opened.session_id, iban=control.GOOD_IBAN)
    world.play(world.later(4))
    assert selectors.unseasoned_cents(lender, world.later(4)) == 200_00
    assert selectors.withdrawable_cents(lender, world.later(4)) == 300_00
