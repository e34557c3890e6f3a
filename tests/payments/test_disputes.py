"""Disputes: in any order, in part, with a charge, won, lost, unknown; on debits and cards."""

import json
from datetime import timedelta
from itertools import permutations

import pytest

from accounts.models import BankAccount, BankStatus, Role
from ledger.chart import Role as Money
from ledger.models import Entry
from ledger.selectors import balance_cents
from lending import verify as lending_verify
from lending.models import Loan
from lending.selectors.wallet import Reason, statement_lines, statement_of, wallet_of
from notifications.models import Message
from payments import verify
from payments.errors import NotAnswerable, UnexpectedFact
from payments.facts import Event
from payments.gateway import gateway
from payments.models import Collection, Dispute, PayIn, WebhookEvent
from payments.sandbox import control
from payments.sandbox.models import StoredEvent
from payments.services import disputes, inbox, pay_ins
from payments.services.sweep import sweep
from payments.states import (
    CollectionStatus,
    DisputeStatus,
    EventSource,
    EventStatus,
    PayInStatus,
)
from tests.factories import people
from tests.flows.money import assert_money
from tests.payments import world

pytestmark = pytest.mark.django_db

FRAUD_CARD = "4000000000000259"
INQUIRY_CARD = "4000000000001976"
FEE = 20_00


@pytest.fixture(autouse=True)
def _begin() -> None:
    world.begin()
    world.cover_charges()


def prove() -> None:
    """The books, the provider's too, and the lines of every payment."""
    assert_money("ledger", "payments")
    for check in (
        lending_verify.holdings_equal_principal,
        lending_verify.holdings_equal_invested,
        lending_verify.loan_sums,
        lending_verify.repayments_equal_parts_and_shares,
        lending_verify.lenders_add_up,
        lending_verify.fees_equal_postings,
    ):
        assert list(check()) == []


def contested(card: str = FRAUD_CARD, cents: int = 500_00) -> tuple[PayIn, Dispute]:
    """A pay-in by a card whose holder contests it."""
    pay_in = world.pay_in(world.ready(Role.LENDER), cents, card=card)
    assert pay_in.status == PayInStatus.CONFIRMED
    world.play(world.later(5))
    return pay_in, Dispute.objects.get()


def test_a_contested_card_takes_money_and_charge_and_a_won_dispute_brings_both_back():
    pay_in, dispute = contested()
    lender, staff = pay_in.lender, people.staff()
    assert (dispute.status, dispute.reason) == (DisputeStatus.NEEDS_RESPONSE, "fraudulent")
    assert dispute.due_by is not None
    assert wallet_of(lender).cash_cents == 0
    line = dispute.lines.get()
    assert (line.amount_cents, line.fee_cents) == (-500_00, FEE)
    prove()

    on = world.later(6)
    disputes.answer(dispute_id=dispute.pk, staff=staff, evidence="They agreed.", at=world.at(on))
    dispute.refresh_from_db()
    assert (dispute.status, dispute.has_evidence) == (DisputeStatus.UNDER_REVIEW, True)
    assert (dispute.decided_by, dispute.evidence) == (staff, "They agreed.")
    with pytest.raises(NotAnswerable):
        disputes.answer(dispute_id=dispute.pk, staff=staff, evidence="Again.", at=world.at(on))
    world.play(world.later(25))
    dispute.refresh_from_db()
    assert dispute.status == DisputeStatus.WON
    assert dispute.closed_at is not None
    assert wallet_of(lender).cash_cents == 500_00
    assert [line.fee_cents for line in dispute.lines.all()] == [FEE, -FEE]
    seen = [line.reason for line in statement_lines(lender, list(statement_of(lender)))]
    assert seen == [Reason.GIVEN_AGAIN, Reason.TAKEN_BACK, Reason.PAY_IN]
    assert Message.objects.filter(kind="money_given_again", person=lender).count() == 1
    prove()


@pytest.mark.parametrize("how", ["losing", "accepted", "silent"])
def test_a_lost_dispute_leaves_the_money_with_the_payer(how):
    pay_in, dispute = contested()
    on, staff = world.later(6), people.staff()
    if how == "losing":
        disputes.answer(
            dispute_id=dispute.pk, staff=staff, evidence="losing_evidence", at=world.at(on)
        )
    elif how == "accepted":
        disputes.accept(dispute_id=dispute.pk, staff=staff, why="They are right.", at=world.at(on))
    world.play(world.later(28))
    dispute.refresh_from_db()
    assert dispute.status == DisputeStatus.LOST
    assert wallet_of(pay_in.lender).cash_cents == 0
    assert dispute.lines.count() == 1
    prove()


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute():
    pay_in, dispute = contested(INQUIRY_CARD)
    assert dispute.status == DisputeStatus.INQUIRY
    assert not dispute.lines.exists()
    assert wallet_of(pay_in.lender).cash_cents == 500_00
    world.play(world.later(25))  # nobody answers
    dispute.refresh_from_db()
    assert dispute.status == DisputeStatus.NEEDS_RESPONSE
    assert wallet_of(pay_in.lender).cash_cents == 0
    prove()


def test_an_inquiry_that_is_answered_closes_without_loss():
    pay_in, dispute = contested(INQUIRY_CARD)
    disputes.answer(
        dispute_id=dispute.pk, staff=people.staff(), evidence="A wallet.", at=world.at()
    )
    world.play(world.later(28))
    dispute.refresh_from_db()
    assert (dispute.status, dispute.word) == (DisputeStatus.CLOSED, "warning_closed")
    assert wallet_of(pay_in.lender).cash_cents == 500_00
    prove()


def news(dispute_id: str) -> list[StoredEvent]:
    """The provider's events about a dispute, in order."""
    return list(StoredEvent.objects.filter(payload__contains=dispute_id).order_by("id"))


def test_its_news_counts_once_in_every_order_even_before_the_payments_own():
    lender = world.ready(Role.LENDER)
    world.play(world.later(3))  # what covers the charges is there
    started = pay_ins.start_pay_in(lender=lender, amount_cents=300_00, at=world.at())
    control.pay_session(started.session_id, card=FRAUD_CARD)  # nothing is heard of it
    control.advance_to(world.later(8))
    told = StoredEvent.objects.filter(kind__startswith="charge.dispute").order_by("id")
    dispute_id = json.loads(told[0].payload)["data"]["object"]["id"]
    gateway().answer_dispute(dispute_id, key=world.key(), evidence="true")
    control.advance_to(world.later(25))
    found = news(dispute_id)
    assert [row.kind.rpartition(".")[2] for row in found] == [
        "created", "funds_withdrawn", "updated", "funds_reinstated", "closed",
    ]  # fmt: skip
    for order in list(permutations(found))[::23]:
        with world.undone():
            for row in order:
                assert inbox_takes(row) == EventStatus.HANDLED
            started.refresh_from_db()
            dispute = Dispute.objects.get()
            assert (started.status, dispute.status) == (PayInStatus.TAKEN_BACK, DisputeStatus.WON)
            assert dispute.lines.count() == 2
            assert wallet_of(lender).cash_cents == 300_00
            assert Entry.objects.filter(reference=started.return_reference).count() == 1


def inbox_takes(row: StoredEvent) -> EventStatus:
    """Keep and handle one event."""
    event = Event.read(json.loads(row.payload))
    inbox.store([event], source=EventSource.SNAPSHOT, at=world.at())
    kept = WebhookEvent.objects.get(event_id=event.id)
    return inbox.handle(event_id=kept.pk, at=world.at(world.later(25)))


def test_part_of_a_pay_in_is_contested_twice_and_won_once():
    pay_in = world.pay_in(world.ready(Role.LENDER), 500_00)
    lender = pay_in.lender
    first = control.open_dispute(pay_in.payment_id, amount_cents=120_00)
    second = control.open_dispute(pay_in.payment_id, amount_cents=80_00, fee_cents=0)
    world.hear()
    assert wallet_of(lender).cash_cents == 300_00
    control.win_dispute(second)
    world.hear()
    assert wallet_of(lender).cash_cents == 380_00
    statuses = dict(Dispute.objects.values_list("provider_id", "status"))
    assert statuses == {first: "needs_response", second: "won"}
    prove()


def test_more_than_was_paid_is_not_booked_and_waits_for_a_person():
    pay_in = world.pay_in(world.ready(Role.LENDER), 100_00)
    world.play(world.later(3))  # what covers the charges is there
    control.open_dispute(pay_in.payment_id, amount_cents=100_00)
    world.hear()
    too_much = control.open_dispute(pay_in.payment_id, amount_cents=1)
    world.hear()
    waiting = WebhookEvent.objects.filter(status=EventStatus.RECEIVED)
    assert {row.error.partition(":")[0] for row in waiting} == {"provider_unexpected"}
    with pytest.raises(UnexpectedFact):
        disputes.refresh_dispute(dispute_id=too_much, at=world.at())
    assert not Dispute.objects.filter(provider_id=too_much).exists()


def test_a_word_that_nobody_knows_is_an_alarm_and_no_crash():
    _, dispute = contested()
    control.set_dispute_status(dispute.provider_id, "mediation_pending")
    world.hear(world.later(6))
    dispute.refresh_from_db()
    assert (dispute.status, dispute.word) == (DisputeStatus.UNKNOWN, "mediation_pending")
    assert not WebhookEvent.objects.filter(status=EventStatus.RECEIVED).exists()
    found = [str(finding) for finding in verify.disputes_are_known()]
    assert len(found) == 1
    assert "mediation_pending" in found[0]
    control.set_dispute_status(dispute.provider_id, "needs_response")
    sweep(at=world.at(world.later(6)))  # even if no event had told of it
    dispute.refresh_from_db()
    assert dispute.status == DisputeStatus.NEEDS_RESPONSE
    assert list(verify.disputes_are_known()) == []


def collected() -> tuple[Loan, Collection]:
    """A loan whose first instalment was debited and shared out."""
    loan, _borrower, _lender, on = world.paid_out_loan()
    world.live_until(world.first_instalment(loan).due_on + timedelta(days=2), on)
    found = Collection.objects.get()
    assert (found.status, found.is_passed_on) == (CollectionStatus.SUCCEEDED, True)
    return loan, found


def test_part_of_a_debit_is_taken_back_with_a_charge_and_the_rest_stays_shared_out():
    loan, debit = collected()
    lender = loan.holdings.get().lender
    before = wallet_of(lender).cash_cents
    taken = debit.amount_cents // 3
    control.open_dispute(
        debit.payment_id, amount_cents=taken, reason="insufficient_funds", fee_cents=7_50
    )
    on = world.first_instalment(loan).due_on + timedelta(days=3)
    world.hear(on)
    debit.refresh_from_db()
    assert debit.status == CollectionStatus.TAKEN_BACK
    first, second = loan.repayments.order_by("id")
    assert (first.reversed_on, second.reversed_on) == (on, None)
    assert second.amount_cents == debit.amount_cents - taken
    instalment = world.first_instalment(loan)
    paid = instalment.paid_principal_cents + instalment.paid_interest_cents
    assert (paid, instalment.paid_on) == (debit.amount_cents - taken, None)
    assert wallet_of(lender).cash_cents < before
    assert balance_cents(Money.CASH, loan.borrower_id) == 0
    prove()

    world.live_until(on + timedelta(days=9), on)  # what is missing is debited again
    again = Collection.objects.exclude(pk=debit.pk).get()
    assert (again.amount_cents, again.status) == (taken, CollectionStatus.SUCCEEDED)
    assert wallet_of(lender).cash_cents == before
    prove()


def test_a_debit_that_is_won_back_after_it_was_paid_again_stays_in_the_wallet():
    loan, debit = collected()
    lost = control.open_dispute(debit.payment_id, reason="debit_not_authorized")
    on = world.first_instalment(loan).due_on + timedelta(days=3)
    world.hear(on)
    assert BankAccount.objects.get(user=loan.borrower_id).status != BankStatus.ACTIVE
    assert world.first_instalment(loan).paid_on is None
    prove()

    control.win_dispute(lost)
    world.hear(on)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.lines.count()) == (DisputeStatus.WON, 2)
    instalment = world.first_instalment(loan)
    assert instalment.paid_on is not None
    assert loan.repayments.filter(reversed_on__isnull=True).get().amount_cents == debit.amount_cents
    assert balance_cents(Money.CASH, loan.borrower_id) == 0
    prove()
