"""Two at once, on connections of their own: money moves once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from core.errors import DomainError
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from lending.models import Repayment
from payments.models import Collection, Payout
from payments.sandbox import control
from payments.sandbox.models import StoredObject
from payments.services import collections, payouts
from payments.services.withdrawals import request_withdrawal
from payments.states import CollectionStatus, PayoutStatus
from tests.payments import world
from tests.payments.test_flows import everything_is_proven

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Start all acts together, each on a connection of its own; a refusal is its result."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return act()
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture(autouse=True)
def _time_begins(transactional_db: None) -> None:
    world.begin()


def test_two_withdrawals_spend_one_balance_once():
    lender = world.rich_lender(500_00)

    def ask() -> str:
        payout = request_withdrawal(
            lender=lender, amount_cents=400_00, at=world.at(), request_key=uuid4()
        )
        return payout.status

    assert sorted(at_once(ask, ask)) == ["not_withdrawable", "requested"]
    assert balance_cents(Money.CASH, lender.pk) == 100_00
    assert balance_cents(Money.IN_TRANSIT_OUT, lender.pk) == 400_00
    assert Payout.objects.count() == 1


def test_one_withdrawal_sent_twice_is_one():
    lender, key = world.rich_lender(500_00), uuid4()

    def ask() -> int:
        payout = request_withdrawal(
            lender=lender, amount_cents=400_00, at=world.at(), request_key=key
        )
        return payout.pk

    first, second = at_once(ask, ask)
    assert first == second
    assert balance_cents(Money.IN_TRANSIT_OUT, lender.pk) == 400_00


def test_four_workers_send_one_payout_once():
    lender = world.rich_lender(500_00)
    world.cover_charges()
    on = world.later(3)
    world.play(on)
    payout = request_withdrawal(
        lender=lender, amount_cents=400_00, at=world.at(on), request_key=uuid4()
    )
    at_once(*[lambda: payouts.send(payout_id=payout.pk, at=world.at(on))] * 4)
    payouts.send(payout_id=payout.pk, at=world.at(on))
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.SENT
    assert StoredObject.objects.filter(kind="transfer").count() == 1
    assert StoredObject.objects.filter(kind="payout").count() == 1
    everything_is_proven()


def test_two_day_ends_at_once_debit_each_instalment_once():
    loan, _, _, on = world.paid_out_loan()
    day = world.first_instalment(loan).due_on - world.timedelta(days=6)
    world.play(day)
    at_once(*[lambda: collections.collect_due(on=day, at=world.at(day))] * 2)
    assert Collection.objects.count() == 1
    assert StoredObject.objects.filter(kind="payment_intent").count() == 2  # with the pay-in's
    assert on < day


def test_four_workers_pass_one_collection_on_once():
    loan, borrower, _, on = world.paid_out_loan()
    first = world.first_instalment(loan)
    day = first.due_on - world.timedelta(days=6)
    world.play(day)
    collections.collect_due(on=day, at=world.at(day))
    collection = Collection.objects.get()
    end = first.due_on + world.timedelta(days=3)
    control.advance_to(end)
    at_once(*[lambda: collections.refresh(collection_id=collection.pk, at=world.at(end))] * 4)
    collections.refresh(collection_id=collection.pk, at=world.at(end))
    collection.refresh_from_db()
    assert (collection.status, collection.is_passed_on) == (CollectionStatus.SUCCEEDED, True)
    assert Repayment.objects.count() == 1
    assert balance_cents(Money.CASH, borrower.pk) == 0
    assert on < day
    everything_is_proven()
