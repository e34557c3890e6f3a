"""A refused borrower is heard by someone who did not refuse, and gets a reasoned answer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import User
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from lending.errors import AlreadyOpen, NotImpartial
from lending.models import Appeal, AppealOutcome, LoanRequest
from lending.selectors import requests as selectors
from lending.services import appeals, requests, reviews
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

STATEMENT = "My income rises by 400 euros from March; I can send the new contract."
ANSWER = "The new contract of employment counts from the day on which it begins."


def _refused(reviewer: User | None = None) -> LoanRequest:
    if reviewer is None:
        return make.submitted_request(work=make.work_data(income_cents=1_900_00))
    request = make.submitted_request()
    return reviews.decline(reviewer=reviewer, request_id=request.pk, reasons=["documents"], at=AT)


def _ask(request: LoanRequest) -> Appeal:
    return appeals.ask_for_review(
        borrower=request.borrower, request_id=request.pk, statement=STATEMENT, at=AT
    )


def test_an_appeal_has_a_deadline_and_waits_in_the_queue() -> None:
    appeal = _ask(_refused())
    assert (appeal.answer_by, appeal.outcome) == (date(2026, 1, 19), "")
    assert list(selectors.open_appeals(people.staff())) == [appeal]
    letter = Message.objects.get(person=appeal.request.borrower, kind="appeal_received")
    assert letter.facts["answer_on"] == "2026-01-19"


def test_asking_twice_makes_one_case() -> None:
    request = _refused()
    assert _ask(request) == _ask(request)


def test_only_the_borrower_of_a_refused_request_appeals() -> None:
    refused, in_review = _refused(), make.submitted_request()
    with pytest.raises(NotFound):
        appeals.ask_for_review(
            borrower=in_review.borrower, request_id=refused.pk, statement=STATEMENT, at=AT
        )
    with pytest.raises(IllegalTransition):
        _ask(in_review)
    with pytest.raises(InvalidInput) as refusal:
        appeals.ask_for_review(
            borrower=refused.borrower, request_id=refused.pk, statement="Please!", at=AT
        )
    assert refusal.value.field == "statement"


def test_a_granted_appeal_lets_the_borrower_correct_and_hand_in_again() -> None:
    request = _refused()
    appeal, reviewer = _ask(request), people.staff()
    for _ in range(2):
        appeals.answer_appeal(
            reviewer=reviewer,
            appeal_id=appeal.pk,
            outcome=AppealOutcome.REOPENED,
            answer=ANSWER,
            at=AT,
        )
    own = {"borrower": request.borrower, "request_id": request.pk}
    requests.save_work(**own, data=make.work_data())  # type: ignore[arg-type]
    again = requests.submit(**own, at=AT + timedelta(days=1))  # type: ignore[arg-type]
    assert again.status == RequestStatus.IN_REVIEW
    assert list(selectors.open_appeals(reviewer)) == []
    assert Message.objects.filter(kind="appeal_answered").count() == 1


def test_an_appeal_may_fail_and_the_borrower_reads_why() -> None:
    request = _refused(people.staff())
    appeals.answer_appeal(
        reviewer=people.staff(),
        appeal_id=_ask(request).pk,
        outcome=AppealOutcome.UPHELD,
        answer=ANSWER,
        at=AT,
    )
    request.refresh_from_db()
    refusal = selectors.refusal_of(request)
    assert request.status == RequestStatus.DECLINED
    assert refusal is not None and refusal.appeal is not None
    assert (refusal.appeal.outcome, refusal.appeal.answer) == ("upheld", ANSWER)


def test_who_refused_does_not_judge_the_appeal() -> None:
    reviewer = people.staff()
    appeal = _ask(_refused(reviewer))
    with pytest.raises(NotImpartial):
        appeals.answer_appeal(
            reviewer=reviewer,
            appeal_id=appeal.pk,
            outcome=AppealOutcome.UPHELD,
            answer=ANSWER,
            at=AT,
        )
    appeal.refresh_from_db()
    assert appeal.outcome == ""


def test_only_staff_answer_and_only_once() -> None:
    appeal = _ask(_refused())
    given = {"appeal_id": appeal.pk, "answer": ANSWER, "at": AT}
    with pytest.raises(NotAllowed):
        appeals.answer_appeal(
            reviewer=appeal.request.borrower,
            outcome=AppealOutcome.REOPENED,
            **given,  # type: ignore[arg-type]
        )
    upheld = {"outcome": AppealOutcome.UPHELD} | given
    appeals.answer_appeal(reviewer=people.staff(), **upheld)  # type: ignore[arg-type]
    with pytest.raises(IllegalTransition):
        appeals.answer_appeal(reviewer=people.staff(), **upheld)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        selectors.open_appeals(appeal.request.borrower)


def test_a_request_is_not_reopened_beside_another() -> None:
    request = _refused()
    appeal = _ask(request)
    requests.start_request(borrower=request.borrower, at=AT)
    with pytest.raises(AlreadyOpen):
        appeals.answer_appeal(
            reviewer=people.staff(),
            appeal_id=appeal.pk,
            outcome=AppealOutcome.REOPENED,
            answer=ANSWER,
            at=AT,
        )
    appeal.refresh_from_db()
    assert appeal.outcome == ""
