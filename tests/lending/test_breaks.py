"""A borrower takes a payment break: within the limits, once, and every lender is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from core import audit
from core.dates import add_months
from core.errors import NotFound, StaleState
from lending.choices import BREAK_NOTICE_BANK_DAYS
from lending.errors import AskUs, ChangeUnderWay, NoSuchBreak
from lending.models import Instalment, Loan, LoanEvent, PlanChange, PlanReason
from lending.selectors.changes import changes_of, forbearance_attempts, running_break
from lending.services.arrears import age_loans, days_past_due, note_dues
from lending.services.breaks import (
    ask_for_break,
    break_options,
    preview_break,
    take_break,
)
from lending.states import ChangeStatus, LoanStatus
from notifications.models import Message
from payments.limits import ANNOUNCE_BANK_DAYS
from tests.factories import loans, people
from tests.factories.loans import noon
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

TODAY = date(2026, 5, 4)
"""After three instalments, on 1 March, April and May."""


def seasoned(paid: int = 3, **wanted: object) -> Loan:
    """A loan of 5,000 at three lenders with some instalments paid."""
    loan = loans.loan(**wanted)  # type: ignore[arg-type]
    loans.pay_instalments(loan, paid)
    loan.refresh_from_db()
    return loan


def take(loan: Loan, *numbers: int, on: date = TODAY, **other: object) -> PlanChange:
    given = {"collect": "spread", "request_key": uuid4()} | other
    return take_break(
        borrower=loan.borrower,
        loan_id=loan.pk,
        numbers=numbers,
        on=on,
        at=noon(on),
        **given,  # type: ignore[arg-type]
    )


def test_a_break_moves_the_plan_and_leaves_what_comes_before_it():
    loan = seasoned()
    before = list(loan.instalments.order_by("number"))
    change = take(loan, 5, 6)
    rows = list(loan.instalments.current().order_by("number"))
    assert [row.number for row in rows] == [row.number for row in before]
    assert rows[3].pk == before[3].pk  # its debit may be under way
    assert rows[4].due_on == before[6].due_on
    assert rows[-1].due_on == add_months(before[-1].due_on, 2)
    assert sum(row.principal_cents for row in rows) == loan.principal_cents
    assert (change.starts_on, change.ends_on) == (before[4].due_on, before[6].due_on)
    assert (change.plan.version, change.plan.reason) == (2, PlanReason.BREAK)
    assert change.status == ChangeStatus.IN_FORCE
    assert running_break(loan) == change
    assert_money("ledger", "lending")


def test_the_interest_of_a_break_is_a_twelfth_a_month_on_what_is_outstanding():
    loan = seasoned()
    fourth = loan.instalments.get(number=4)
    month = (loan.outstanding_cents - fourth.principal_cents) * loan.annual_rate / 12
    take(loan, 5, 6, collect="end")
    last = loan.instalments.current().latest("number")
    assert last.deferred_cents == 2 * int(month.quantize(Decimal(1)))
    assert last.deferred_cents <= last.interest_cents


def test_a_loan_on_a_break_is_never_late_and_is_repaid_to_the_cent():
    loan = seasoned()
    change = take(loan, 5, 6)
    loans.pay_instalments(loan, 1)
    day = change.starts_on
    while day < change.ends_on:
        note_dues(on=day, at=noon(day))
        age_loans(on=day, at=noon(day))
        assert days_past_due(loan, day) == 0
        day += timedelta(days=1)
    assert not LoanEvent.objects.filter(loan=loan, kind="late").exists()
    loans.pay_instalments(loan, loan.term_months - 4)
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.REPAID, 0)
    assert_money("ledger", "lending")


def test_borrower_and_every_lender_are_told_what_changes():
    loan = seasoned()
    change = take(loan, 5)
    told = Message.objects.get(kind="terms_changed")
    assert told.person_id == loan.borrower_id
    assert told.facts["starts_on"] == change.starts_on.isoformat()
    lenders = Message.objects.filter(kind="holding_changed")
    assert lenders.count() == loan.holdings.count() == 3
    owns = [message.facts["own_after_cents"] for message in lenders]
    whole = sum(row.open_cents for row in loan.instalments.unpaid())
    assert whole - 3 < sum(owns) <= whole
    first = lenders.first().facts
    assert Decimal(first["after_rate"]) < Decimal(first["before_rate"])
    assert first["own_after_cents"] > first["own_before_cents"]
    event = LoanEvent.objects.get(loan=loan, kind="break")
    assert event.on == TODAY


def test_the_same_key_takes_one_break():
    loan, key = seasoned(), uuid4()
    first = take(loan, 5, request_key=key)
    assert take(loan, 5, request_key=key) == first
    assert (PlanChange.objects.count(), loan.plans.count()) == (1, 2)
    assert Message.objects.filter(kind="terms_changed").count() == 1
    assert [row.after for row in audit.trail(first)] == ["agreed", "in_force"]


def test_what_was_shown_is_what_is_agreed_to():
    loan = seasoned()
    shown = preview_break(
        borrower=loan.borrower, loan_id=loan.pk, numbers=[5], collect="end", on=TODAY
    )
    with pytest.raises(StaleState):
        take(loan, 5, collect="spread", seal=shown.effect.seal)
    change = take(loan, 5, collect="end", seal=shown.effect.seal)
    rows = loan.instalments.unpaid().order_by("number")
    assert [(row.due_on, row.total_cents) for row in rows] == [
        (part.due_on, part.total_cents) for part in shown.effect.after
    ]
    assert change.figures == shown.effect.figures()


@pytest.mark.parametrize(
    ("paid", "on", "numbers", "limit"),
    [
        (2, date(2026, 4, 3), [5], "too_few_paid"),
        (3, TODAY, [5, 6, 7], "months_in_a_year"),
    ],
)
def test_beyond_the_limits_a_borrower_has_to_ask(paid, on, numbers, limit):
    loan = seasoned(paid)
    with pytest.raises(AskUs, match=limit):
        take(loan, *numbers, on=on)
    change = ask_for_break(
        borrower=loan.borrower,
        loan_id=loan.pk,
        numbers=numbers,
        collect="end",
        reason="My hours are cut for the summer.",
        on=on,
        at=noon(on),
        request_key=uuid4(),
    )
    assert (change.status, change.plan) == (ChangeStatus.ASKED, None)
    assert loan.plans.count() == 1
    assert not forbearance_attempts(loan).exists()
    with pytest.raises(ChangeUnderWay):
        take(loan, 5, on=on)


def test_two_breaks_of_a_loan_are_all_that_is_taken_alone():
    loan = seasoned()
    take(loan, 5)
    loans.pay_instalments(loan, 2)
    take(loan, 8, on=date(2026, 8, 3))
    loans.pay_instalments(loan, 12)
    last = loan.instalments.filter(paid_on__isnull=False).latest("number")
    room = break_options(borrower=loan.borrower, loan_id=loan.pk, on=last.paid_on)
    assert room.limits == ["breaks_taken"]


def test_nobody_breaks_off_while_something_is_due():
    loan = seasoned(2)
    room = break_options(borrower=loan.borrower, loan_id=loan.pk, on=TODAY)
    assert room.limits == ["something_due", "too_few_paid"]
    assert not room.is_open
    with pytest.raises(NoSuchBreak):
        take(loan, 5)


def test_an_instalment_whose_debit_is_near_can_no_longer_be_skipped():
    loan = seasoned()
    due_on = loan.instalments.get(number=4).due_on  # 1 June 2026, a Monday
    room = break_options(borrower=loan.borrower, loan_id=loan.pk, on=date(2026, 5, 20))
    assert room.choices[0][:2] == (4, due_on)
    assert room.choices[0].is_in_time
    with pytest.raises(NoSuchBreak):
        take(loan, 4, on=date(2026, 5, 21))
    assert BREAK_NOTICE_BANK_DAYS > ANNOUNCE_BANK_DAYS + 1


def test_what_is_paid_in_part_is_not_moved():
    loan = seasoned()
    fourth = loan.instalments.get(number=4)
    loans.pay(loan, 50_00, on=TODAY, instalment=fourth)
    with pytest.raises(NoSuchBreak):
        take(loan, fourth.number)
    take(loan, 5)
    assert Instalment.objects.get(pk=fourth.pk).superseded_on is None
    assert_money("ledger", "lending")


def test_a_stranger_finds_no_loan_and_lenders_see_the_change():
    loan = seasoned()
    with pytest.raises(NotFound):
        break_options(borrower=people.borrower(), loan_id=loan.pk, on=TODAY)
    change = take(loan, 5)
    holder = loan.holdings.first().lender
    assert list(changes_of(holder, loan.pk)) == [change]
    with pytest.raises(NotFound):
        changes_of(people.lender(), loan.pk)
