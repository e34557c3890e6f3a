"""A late return of an instalment that a hundred lenders had shared, ten of whom have spent it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User
from core.transitions import advance
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from lending.models import Holding, Loan
from lending.selectors.wallet import Reason, statement_lines, statement_of, wallet_of
from lending.services.disbursements import disburse
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from notifications.models import Message
from payments.models import Collection, Dispute
from payments.sandbox import control
from payments.services import pay_ins, payouts
from payments.states import CollectionStatus, DisputeStatus
from tests.factories import people
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money
from tests.payments import world

pytestmark = pytest.mark.django_db

LENDERS, SPENDERS = 100, 10
STAKE = 50_00


def _lenders() -> list[User]:
    """People whose identity is known and who have paid in just what they will lend."""
    made = [
        people.identify(people.person(Role.LENDER, at=world.at()), at=world.at())
        for _ in range(LENDERS)
    ]
    for lender in made:
        started = pay_ins.start_pay_in(lender=lender, amount_cents=STAKE, at=world.at())
        control.pay_session(started.session_id, card=world.DEBIT_CARD)
    world.hear()
    for lender in made[:SPENDERS]:
        world.add_bank(lender)
    return made


def _disbursed(borrower: User, lenders: list[User], on: date) -> Loan:
    cents = LENDERS * STAKE
    request = listed_request(borrower=borrower, amount_cents=cents, at=world.at(on), term_months=12)
    for lender in lenders:
        bid(lender, request, STAKE, at=world.at(on))
    request.refresh_from_db()
    at = world.at(on)
    advance(request, RequestStatus.ACCEPTED, table=REQUEST_TRANSITIONS, at=at, accepted_at=at)
    return disburse(request_id=request.pk, on=on, at=at)


def test_it_is_booked_shown_to_everyone_and_owed_by_the_ten(settings: Any):
    settings.INSTALMENT_SEASONING_DAYS = 0  # this operator lets instalments leave at once
    world.begin()
    world.cover_charges()
    lenders = _lenders()
    borrower = world.ready(Role.BORROWER)
    on = world.later(3)
    world.play(on)
    loan = _disbursed(borrower, lenders, on)
    payouts.send_due(on=on, at=world.at(on))
    world.play(world.later(7))
    due_on = world.first_instalment(loan).due_on
    control.set_fate(world.method_of(borrower), "late:insufficient_funds", from_date=due_on)
    world.live_until(due_on + timedelta(days=2), world.later(8))
    debit = Collection.objects.get()
    assert (debit.status, debit.is_passed_on) == (CollectionStatus.SUCCEEDED, True)

    spenders, got = lenders[:SPENDERS], {}
    for lender in lenders:
        got[lender.pk] = wallet_of(lender).cash_cents
        assert got[lender.pk] > 0
    _spend(spenders, due_on + timedelta(days=2))
    control.set_fate(world.method_of(borrower), "succeeds", from_date=due_on)
    back_on = due_on + timedelta(days=9)
    world.play(back_on)

    debit.refresh_from_db()
    dispute = Dispute.objects.get()
    assert (debit.status, dispute.status) == (CollectionStatus.TAKEN_BACK, DisputeStatus.LOST)
    assert loan.repayments.get().reversed_on == debit.returned_on
    assert world.first_instalment(loan).paid_on is None
    for lender in lenders:
        wallet = wallet_of(lender)
        owed = got[lender.pk] if lender in spenders else 0
        assert (wallet.cash_cents, wallet.owed_cents) == (0, owed)
        assert wallet.invested_cents == STAKE
        reasons = {line.reason for line in statement_lines(lender, list(statement_of(lender)))}
        assert {Reason.PRINCIPAL_TAKEN_BACK, Reason.INTEREST_TAKEN_BACK} <= reasons
        assert (Reason.OWED_AFTER_RETURN in reasons) == (lender in spenders)
    told = Message.objects.filter(kind="share_reversed")
    assert {row.person_id for row in told} == {lender.pk for lender in lenders}
    assert {row.person_id for row in told if row.facts["is_missing"]} == {
        lender.pk for lender in spenders
    }
    assert Message.objects.get(kind="repayment_reversed").person == borrower
    assert balance_cents(Money.CASH, borrower.pk) == 0
    assert_money("ledger", "payments")
    assert_money("lending")
    _look(loan, borrower, lenders, dispute)

    world.live_until(back_on + timedelta(days=8), back_on)  # debited again, and settled from it
    assert Collection.objects.exclude(pk=debit.pk).get().status == CollectionStatus.SUCCEEDED
    assert {wallet_of(lender).owed_cents for lender in lenders} == {0}
    assert {wallet_of(lender).cash_cents > 0 for lender in lenders[SPENDERS:]} == {True}
    assert {wallet_of(lender).cash_cents for lender in spenders} == {0}
    assert_money("ledger", "payments")


def _spend(spenders: list[User], on: date) -> None:
    """Let these lenders send all that they have to their banks."""
    for lender in spenders:
        world.withdraw(lender, wallet_of(lender).cash_cents, on)
        assert wallet_of(lender).cash_cents == 0


def _look(loan: Loan, borrower: User, lenders: list[User], dispute: Dispute) -> None:
    """Each sees it on their own page, by a number of queries that does not grow with lenders."""
    for lender in (lenders[0], lenders[-1]):
        client = Client()
        client.force_login(lender)
        holding = Holding.objects.get(loan=loan, lender=lender)
        page = client.get(reverse("web:holding", args=[holding.pk]))
        assert "taken back" in page.content.decode().lower()
        wallet = client.get(reverse("web:wallet")).content.decode()
        assert ("after a payment was taken back" in wallet) == (lender is lenders[0])
    client = Client()
    client.force_login(borrower)
    assert "taken back" in client.get(reverse("web:loan", args=[loan.pk])).content.decode().lower()
    client.force_login(people.staff())
    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("admin:payments_dispute_changelist")).content.decode()
    assert len(asked) < 60
    assert loan.number in page
    where = reverse("admin:payments_dispute_change", args=[dispute.pk])
    assert loan.number in client.get(where).content.decode()
