"""A provider that is slow, away, confused or silent costs time, never money."""

import contextlib
from datetime import timedelta

import pytest

from accounts.models import Role
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from payments.errors import ProviderError, Refused, Unavailable, UnknownOutcome
from payments.models import Collection, OperationKind, PayIn, Payout, ProviderOperation
from payments.sandbox import control
from payments.sandbox.models import StoredObject
from payments.services import capital, collections, operations, pay_ins, payouts
from payments.services.sweep import sweep
from payments.states import (
    CapitalStatus,
    CollectionStatus,
    OperationStatus,
    PayoutStatus,
)
from tests.payments import world
from tests.payments.faults import FAULTS, answer, reset_after, timeout_after, timeout_before
from tests.payments.test_flows import everything_is_proven

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _time_begins(db: None) -> None:
    world.begin()


def made(kind: str) -> int:
    """How many objects of a kind the provider has."""
    return StoredObject.objects.filter(kind=kind, account="").count()


def keys(wire, path: str) -> list[str]:
    """The idempotency keys of the requests to a path."""
    return [key for method, where, _, key in wire.seen if (method, where) == ("POST", path)]


def test_a_timeout_after_the_effect_is_repeated_with_the_same_key_and_has_one_effect(wire):
    wire.faults = [("POST /v1/topups", timeout_after)]
    payment = capital.add_capital(amount_cents=100_00, at=world.at())
    assert payment.status == CapitalStatus.PENDING
    assert made("topup") == 1
    assert len(keys(wire, "/v1/topups")) == 2
    assert len(set(keys(wire, "/v1/topups"))) == 1


def test_an_outcome_that_stays_unknown_is_settled_by_the_sweep_with_the_same_key(wire):
    wire.faults = [("POST /v1/topups", timeout_after)] * 3
    with pytest.raises(UnknownOutcome):
        capital.add_capital(amount_cents=100_00, at=world.at())
    operation = ProviderOperation.objects.get(kind=OperationKind.TOP_UP)
    assert operation.status == OperationStatus.UNKNOWN
    sweep(at=world.at() + timedelta(hours=1))
    operation.refresh_from_db()
    assert operation.status == OperationStatus.CONFIRMED
    assert set(keys(wire, "/v1/topups")) == {operation.key}
    assert made("topup") == 1


def test_an_outcome_unknown_for_a_day_is_looked_up_and_not_repeated(wire):
    wire.faults = [("POST /v1/topups", reset_after)]
    with pytest.raises(UnknownOutcome):
        capital.add_capital(amount_cents=100_00, at=world.at())
    control.advance_to(world.later(2))
    sweep(at=world.at(world.later(2)))
    assert made("topup") == len(keys(wire, "/v1/topups")) == 1
    sweep(at=world.at(world.later(2)))
    assert balance_cents(Money.CAPITAL) == 100_00
    everything_is_proven()


def test_what_never_happened_is_asked_for_anew_with_another_key(wire):
    wire.faults = [("POST /v1/topups", timeout_before)] * 3
    with pytest.raises(UnknownOutcome):
        capital.add_capital(amount_cents=100_00, at=world.at())
    control.advance_to(world.later(2))
    sweep(at=world.at(world.later(2)))
    operation = ProviderOperation.objects.get(kind=OperationKind.TOP_UP)
    assert (operation.status, operation.attempt) == (OperationStatus.CONFIRMED, 2)
    assert len(set(keys(wire, "/v1/topups"))) == 2
    assert made("topup") == 1


def test_a_provider_that_is_away_leaves_the_request_to_be_sent_later(wire):
    wire.faults = [("POST /v1/topups", answer(429))]
    with pytest.raises(Unavailable):
        capital.add_capital(amount_cents=100_00, at=world.at())
    operation = ProviderOperation.objects.get(kind=OperationKind.TOP_UP)
    assert (operation.status, operation.sent_at) == (OperationStatus.CREATED, None)
    sweep(at=world.at() + timedelta(hours=1))
    assert made("topup") == 1


def test_a_refused_debit_ends_the_attempt_and_the_next_one_has_its_own_key(wire):
    loan, _, _, on = world.paid_out_loan()
    wire.faults = [("POST /v1/payment_intents", answer(400))]
    day = world.first_instalment(loan).due_on - timedelta(days=6)
    control.advance_to(day)
    assert collections.collect_due(on=day, at=world.at(day))["not_sent"] == 1
    assert Collection.objects.get().status == CollectionStatus.FAILED
    assert collections.collect_due(on=day, at=world.at(day))["debits"] == 1
    assert len(set(keys(wire, "/v1/payment_intents"))) == 2
    assert on < day


@pytest.mark.parametrize("name", FAULTS)
def test_a_withdrawal_survives_each_fault_at_each_step(wire, name):
    lender = world.rich_lender(800_00)
    world.cover_charges()
    on = world.later(3)
    world.play(on)
    for path in ("POST /v1/transfers", "POST /v1/payouts"):
        wire.faults = [(path, FAULTS[name])]
        with contextlib.suppress(ProviderError):
            world.withdraw(lender, 100_00, on)
        assert wire.faults == []
        sweep(at=world.at(on) + timedelta(hours=1))
    assert list(Payout.objects.values_list("status", flat=True)) == [PayoutStatus.SENT] * 2
    assert made("transfer") == 2
    assert StoredObject.objects.filter(kind="payout").count() == 2
    everything_is_proven()
    world.play(world.later(7))
    assert balance_cents(Money.IN_TRANSIT_OUT, lender.pk) == 0
    assert balance_cents(Money.CASH, lender.pk) == 600_00
    everything_is_proven()


@pytest.mark.parametrize("name", FAULTS)
def test_a_collection_survives_each_fault(wire, name):
    loan, borrower, _, on = world.paid_out_loan()
    instalment = world.first_instalment(loan)
    day = instalment.due_on - timedelta(days=6)
    control.advance_to(day)
    wire.faults = [("POST /v1/payment_intents", FAULTS[name])]
    collections.collect_due(on=day, at=world.at(day))
    assert wire.faults == []
    sweep(at=world.at(day) + timedelta(hours=1))
    wire.faults = [("GET /v1/payment_intents", FAULTS[name])]
    world.live_until(instalment.due_on + timedelta(days=4), day + timedelta(days=1))
    assert wire.faults == []
    sweep(at=world.at(instalment.due_on + timedelta(days=5)))
    instalment.refresh_from_db()
    assert instalment.paid_on is not None
    assert made("payment_intent") == 2  # the pay-in's and this one
    assert balance_cents(Money.CASH, borrower.pk) == 0
    assert on < day
    everything_is_proven()


def test_a_crash_before_the_answer_was_noted_sends_the_same_request_again(wire, monkeypatch):
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(operations, "confirm", crash)
        with pytest.raises(KeyboardInterrupt):
            capital.add_capital(amount_cents=100_00, at=world.at())
    operation = ProviderOperation.objects.get(kind=OperationKind.TOP_UP)
    assert operation.status == OperationStatus.SENT
    sweep(at=world.at() + timedelta(hours=1))
    operation.refresh_from_db()
    assert operation.status == OperationStatus.CONFIRMED
    assert made("topup") == 1


def test_lost_webhooks_are_healed_by_the_sweep():
    lender = world.ready(Role.LENDER)
    paid = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    control.pay_session(paid.session_id, card=world.DEBIT_CARD)
    sweep(at=world.at() + timedelta(hours=1))
    assert balance_cents(Money.CASH, lender.pk) == 500_00
    everything_is_proven()


def test_a_payment_of_another_amount_is_not_credited(monkeypatch):
    lender = world.ready(Role.LENDER)
    paid = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    PayIn.objects.filter(pk=paid.pk).update(amount_cents=900_00)
    control.pay_session(paid.session_id, card=world.DEBIT_CARD)
    with pytest.raises(ProviderError):
        pay_ins.refresh(pay_in_id=paid.pk, at=world.at())
    world.hear()
    assert balance_cents(Money.CASH, lender.pk) == 0


def test_a_refusal_carries_the_providers_reason(wire):
    lender = world.rich_lender(100_00)
    payout = Payout.objects.create(
        kind="withdrawal", person=lender, amount_cents=99_999_00, requested_at=world.at()
    )
    with pytest.raises(Refused) as refusal:
        payouts.send(payout_id=payout.pk, at=world.at())
    assert refusal.value.reason == "balance_insufficient"
