"""Easier terms: proposed, approved by a second person where they cost money, accepted, booked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from core.dates import add_months
from core.errors import IllegalTransition, NotAllowed, NotFound, StaleState
from core.inputs import TooLarge
from lending.errors import ChangeUnderWay, DebitUnderWay, FourEyes, NotEased
from lending.models import ChangeKind, Loan, LoanEventKind, PlanChange, PlanReason, WriteOff
from lending.selectors.changes import forbearance_attempts
from lending.selectors.charges import default_interest_owed_cents
from lending.services.arrears import age_loans, days_past_due
from lending.services.breaks import ask_for_break
from lending.services.easing import EasedTerms
from lending.services.hardship import (
    accept_change,
    agree_to_break,
    approve_change,
    decline_offer,
    end_changes,
    preview_change,
    propose_change,
    refuse_change,
)
from lending.services.timeline import note_event
from lending.states import ChangeStatus, LoanStatus
from notifications.models import Message
from tests.factories import loans, people
from tests.factories.loans import noon
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 22)
"""Nothing was paid since 1 April: two instalments are overdue."""
WHY = "Parental leave until next spring, half the income."
SAID = "We can stretch your loan so that each month costs less."


def behind(paid: int = 2, **wanted: object) -> Loan:
    """A loan on which the instalments after the first `paid` were not paid."""
    loan = loans.loan(**wanted)  # type: ignore[arg-type]
    loans.pay_instalments(loan, paid)
    loan.refresh_from_db()
    return loan


def propose(loan: Loan, kind: ChangeKind, **terms: object) -> PlanChange:
    return propose_change(
        staff=people.staff(),
        loan_id=loan.pk,
        kind=kind,
        terms=EasedTerms(**terms),  # type: ignore[arg-type]
        reason=WHY,
        answer=SAID,
        on=TODAY,
        at=noon(TODAY),
        request_key=uuid4(),
    )


def approve(change: PlanChange) -> PlanChange:
    return approve_change(staff=people.staff(), change_id=change.pk, on=TODAY, at=noon(TODAY))


def accept(change: PlanChange, on: date = TODAY, **other: str) -> PlanChange:
    borrower = change.loan.borrower
    return accept_change(borrower=borrower, change_id=change.pk, on=on, at=noon(on), **other)


def test_a_longer_term_takes_overdue_instalments_into_the_new_plan():
    loan = behind()
    late = list(loan.instalments.unpaid().filter(due_on__lte=TODAY))
    assert days_past_due(loan, TODAY) > 30
    change = accept(propose(loan, ChangeKind.LONGER_TERM, months=48))
    rows = list(loan.instalments.unpaid().order_by("number"))
    assert len(rows) == 48
    assert rows[0].number == 3
    assert rows[0].due_on == date(2026, 7, 1)
    assert rows[-1].due_on == add_months(rows[0].due_on, 47)
    assert sum(row.principal_cents for row in rows) == loan.outstanding_cents
    assert sum(row.deferred_cents for row in rows) == sum(row.interest_cents for row in late)
    assert days_past_due(loan, TODAY) == 0
    loan.refresh_from_db()
    assert loan.forborne_until == add_months(TODAY, 12)
    assert (change.plan.reason, change.status) == (PlanReason.LONGER_TERM, ChangeStatus.IN_FORCE)
    assert loan.events.filter(kind=LoanEventKind.CHANGED).count() == 1
    owed = default_interest_owed_cents(loan, TODAY)
    assert owed > 0
    assert default_interest_owed_cents(loan, TODAY + timedelta(days=300)) >= owed
    assert_money("ledger", "lending")


def test_interest_runs_on_principal_alone_while_a_term_grows():
    loan = behind(shares_cents=[5_000_00], annual_rate=Decimal("0.12"))
    change = accept(propose(loan, ChangeKind.LONGER_TERM, months=48))
    balance, borne = loan.outstanding_cents, 0
    for row in loan.instalments.unpaid().order_by("number"):
        borne += int((balance * Decimal("0.01")).quantize(Decimal(1), rounding="ROUND_HALF_UP"))
        balance -= row.principal_cents
    rows = loan.instalments.unpaid()
    regular = sum(row.interest_cents - row.deferred_cents for row in rows)
    assert regular == borne
    assert change.figures["mark_after"] is None or change.figures["mark_after"] >= 1


def test_a_default_is_cured_by_terms_that_the_borrower_accepts():
    loan = behind()
    on = date(2026, 9, 1)
    age_loans(on=on, at=noon(on))
    loan.refresh_from_db()
    assert loan.status == LoanStatus.DEFAULTED
    change = propose_change(
        staff=people.staff(),
        loan_id=loan.pk,
        kind=ChangeKind.LONGER_TERM,
        terms=EasedTerms(months=60),
        reason=WHY,
        answer=SAID,
        on=on,
        at=noon(on),
        request_key=uuid4(),
    )
    accept(change, on)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.ACTIVE
    assert loan.events.filter(kind=LoanEventKind.SOUND).count() == 1
    age_loans(on=on + timedelta(days=20), at=noon(on))
    loan.refresh_from_db()
    assert loan.status == LoanStatus.ACTIVE
    assert_money("ledger", "lending")


def test_a_lower_rate_needs_a_second_person_and_then_the_borrower():
    loan = behind(4)
    change = propose(loan, ChangeKind.LOWER_RATE, annual_rate=Decimal("0.02"))
    assert change.status == ChangeStatus.ASKED
    assert not Message.objects.filter(kind="change_offered").exists()
    with pytest.raises(IllegalTransition):
        accept(change)
    with pytest.raises(FourEyes):
        approve_change(staff=change.decided_by, change_id=change.pk, on=TODAY, at=noon(TODAY))
    approve(change)
    assert Message.objects.get(kind="change_offered").person_id == loan.borrower_id
    made = accept(change)
    loan.refresh_from_db()
    assert loan.annual_rate == made.plan.annual_rate == Decimal("0.02")
    assert loan.plans.get(version=1).annual_rate > loan.annual_rate
    effect = made.figures
    assert Decimal(effect["return_after"]) < Decimal(effect["return_before"])
    assert_money("ledger", "lending")


def test_a_waiver_is_booked_off_the_debt_and_off_each_holding():
    loan = behind(4)
    holdings = {row.pk: row.outstanding_cents for row in loan.holdings.all()}
    outstanding = loan.outstanding_cents
    change = approve(propose(loan, ChangeKind.WAIVER, waived_cents=1_000_01))
    accept(change)
    loan.refresh_from_db()
    assert loan.outstanding_cents == outstanding - 1_000_01
    assert sum(row.principal_cents for row in loan.instalments.unpaid()) == loan.outstanding_cents
    lost = {row.pk: row.written_off_cents for row in loan.holdings.all()}
    assert sum(lost.values()) == WriteOff.objects.get().principal_cents == 1_000_01
    for pk, before in holdings.items():
        assert abs(lost[pk] - before * 1_000_01 / outstanding) < 1
    assert_money("ledger", "lending")
    loans.pay_instalments(loan, loan.instalments.unpaid().count())
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.REPAID, 0)
    assert_money("ledger", "lending")


def test_overdue_interest_can_be_waived_with_principal():
    loan = behind()
    late_cents = sum(row.interest_cents for row in loan.instalments.unpaid()[:2])
    change = approve(
        propose(loan, ChangeKind.WAIVER, waived_cents=500_00, waived_interest_cents=late_cents)
    )
    accept(change)
    assert not loan.instalments.unpaid().filter(deferred_cents__gt=0).exists()
    assert_money("ledger", "lending")


def test_accepting_twice_or_proposing_twice_does_it_once():
    loan, key, clerk = behind(4), uuid4(), people.staff()
    given = {
        "staff": clerk,
        "loan_id": loan.pk,
        "kind": ChangeKind.WAIVER,
        "terms": EasedTerms(waived_cents=500_00),
        "reason": WHY,
        "answer": SAID,
        "on": TODAY,
        "at": noon(TODAY),
        "request_key": key,
    }
    change = propose_change(**given)
    assert propose_change(**given) == change
    approve(change)
    accept(change)
    accept(change)
    assert (loan.plans.count(), WriteOff.objects.count()) == (2, 1)
    assert_money("ledger", "lending")


def test_the_database_itself_wants_another_pair_of_eyes():
    change = propose(behind(4), ChangeKind.WAIVER, waived_cents=500_00)
    rows = PlanChange.objects.filter(pk=change.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(approved_by=change.decided_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status=ChangeStatus.AGREED)


def test_the_borrower_may_say_no_and_silence_is_no_consent():
    loan = behind()
    change = propose(loan, ChangeKind.LONGER_TERM, months=48)
    later = TODAY + timedelta(days=15)
    decline_offer(borrower=loan.borrower, change_id=change.pk, at=noon(TODAY))
    second = propose(loan, ChangeKind.LONGER_TERM, months=60)
    with pytest.raises(IllegalTransition):
        accept(second, later)
    assert end_changes(on=later, at=noon(later)) == {"ended": 0, "lapsed": 1}
    second.refresh_from_db()
    assert second.status == ChangeStatus.EXPIRED
    assert loan.plans.count() == 1
    assert list(forbearance_attempts(loan)) == [change, second]


def test_what_was_shown_is_what_is_accepted():
    loan = behind(4)
    change = propose(loan, ChangeKind.LONGER_TERM, months=48)
    shown = preview_change(
        staff=people.staff(),
        loan_id=loan.pk,
        kind=ChangeKind.LONGER_TERM,
        terms=EasedTerms(months=48),
        on=TODAY,
    )
    loans.pay_instalments(loan, 1)
    with pytest.raises(StaleState):
        accept(change, date(2026, 7, 2), seal=shown.seal)
    assert loan.plans.count() == 1


def test_no_plan_is_made_while_a_debit_is_under_way():
    loan = behind(4)
    change = propose(loan, ChangeKind.LONGER_TERM, months=48)
    number = loan.instalments.unpaid().earliest("number").number
    for kind, fails in ((LoanEventKind.TRIED, True), (LoanEventKind.RETURNED, False)):
        note_event(
            loan_id=loan.pk, kind=kind, on=TODAY, key=f"{kind}:one", instalment_number=number
        )
        if fails:
            with pytest.raises(DebitUnderWay):
                accept(change)
    accept(change)


def asked(loan: Loan) -> PlanChange:
    numbers = [row.number for row in loan.instalments.unpaid()[1:4]]
    return ask_for_break(
        borrower=loan.borrower,
        loan_id=loan.pk,
        numbers=numbers,
        collect="end",
        reason="My hours are cut for the summer.",
        on=TODAY,
        at=noon(TODAY),
        request_key=uuid4(),
    )


def test_a_break_that_was_asked_for_holds_when_staff_agree():
    loan = behind(4)
    change = asked(loan)
    agree_to_break(staff=people.staff(), change_id=change.pk, answer="", on=TODAY, at=noon(TODAY))
    change.refresh_from_db()
    loan.refresh_from_db()
    assert change.status == ChangeStatus.IN_FORCE
    assert change.ends_on == add_months(change.starts_on, 3)
    assert loan.forborne_until == add_months(TODAY, 12)
    assert end_changes(on=change.ends_on, at=noon(change.ends_on)) == {"ended": 1, "lapsed": 0}
    assert_money("ledger", "lending")


def test_staff_may_answer_a_question_with_other_terms_or_a_reasoned_no():
    loan = behind(4)
    question = asked(loan)
    change = propose(loan, ChangeKind.LONGER_TERM, months=60)
    assert change == question
    assert change.reason.endswith(WHY)
    with pytest.raises(ChangeUnderWay):
        propose(loan, ChangeKind.LONGER_TERM, months=72)
    other = asked(behind(4))
    refuse_change(staff=people.staff(), change_id=other.pk, answer=SAID, at=noon(TODAY))
    assert Message.objects.get(kind="change_refused").facts["answer"] == SAID
    assert list(forbearance_attempts(other.loan)) == [other]


@pytest.mark.parametrize(
    ("kind", "terms", "refusal"),
    [
        (ChangeKind.LONGER_TERM, {"months": 32}, NotEased),
        (ChangeKind.LONGER_TERM, {"months": 121}, TooLarge),
        (ChangeKind.LOWER_RATE, {"annual_rate": Decimal("0.9")}, TooLarge),
        (ChangeKind.WAIVER, {"waived_cents": 10_000_00}, TooLarge),
        (ChangeKind.LONGER_TERM, {"months": 60, "waived_cents": 5}, NotEased),
        (ChangeKind.LONGER_TERM, {"months": 60, "waived_interest_cents": 5}, TooLarge),
    ],
)
def test_terms_that_ease_nothing_or_too_much_are_refused(kind, terms, refusal):
    with pytest.raises(refusal):
        propose(behind(4, term_months=36), kind, **terms)


def test_only_staff_propose_and_only_the_borrower_accepts():
    loan = behind(4)
    change = propose(loan, ChangeKind.LONGER_TERM, months=60)
    stranger = people.borrower()
    for act in (accept_change, decline_offer):
        given = {"on": TODAY} if act is accept_change else {}
        with pytest.raises(NotFound):
            act(borrower=stranger, change_id=change.pk, at=noon(TODAY), **given)
    with pytest.raises(NotAllowed):
        approve_change(staff=stranger, change_id=change.pk, on=TODAY, at=noon(TODAY))
