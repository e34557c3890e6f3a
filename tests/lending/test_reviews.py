"""Staff decide: approve by two or four eyes, decline with reasons, ask back, cancel."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role, User
from core import audit
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from ledger.chart import Role as AccountRole
from ledger.selectors import balance_cents
from lending.errors import AlreadyReviewed, FourEyes, RateDiffers, RateOutOfBand
from lending.models import Assessment, LoanRequest, Review
from lending.selectors import requests as selectors
from lending.services import requests, reviews
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT

pytestmark = pytest.mark.django_db


def _assessment(request: LoanRequest) -> Assessment:
    found = selectors.latest_assessment(request)
    assert found is not None
    return found


def _letters(person: User) -> list[str]:
    return list(Message.objects.filter(person=person).order_by("id").values_list("kind", flat=True))


def test_an_approval_lists_the_request_with_price_grade_and_deadline() -> None:
    reviewer = people.staff()
    request = make.approved_request(reviewer=reviewer)
    request.refresh_from_db()
    assessment = _assessment(request)
    assert request.status == RequestStatus.LISTED
    assert (request.annual_rate, request.grade) == (assessment.posted_rate, assessment.grade)
    assert request.affordability_mark == assessment.affordability_mark
    assert (request.listed_at, request.deadline_on) == (AT, date(2026, 1, 19))
    assert request.borrower_fee_rate == Decimal("0.025")
    assert _letters(request.borrower) == ["request_submitted", "request_listed"]
    assert [row.actor_id for row in audit.trail(request)][-1] == reviewer.pk


def test_an_approval_calls_the_engine(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    called: list[str] = []
    monkeypatch.setattr("core.jobs._send", lambda task, kwargs: called.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        make.approved_request()
    assert "matching.round_requested" in called


def test_the_same_approval_twice_counts_once() -> None:
    reviewer = people.staff()
    request = make.approved_request(reviewer=reviewer)
    reviews.approve(reviewer=reviewer, request_id=request.pk, at=AT)
    assert Review.objects.count() == 1


def test_only_staff_decide() -> None:
    request = make.submitted_request()
    for person in (request.borrower, people.lender()):
        with pytest.raises(NotAllowed):
            reviews.approve(reviewer=person, request_id=request.pk, at=AT)
        with pytest.raises(NotAllowed):
            reviews.decline(reviewer=person, request_id=request.pk, reasons=["story"], at=AT)
        with pytest.raises(NotAllowed):
            reviews.cancel(reviewer=person, request_id=request.pk, reason="no reason", at=AT)
    gone = people.staff()
    gone.is_active = False
    with pytest.raises(NotAllowed):
        reviews.approve(reviewer=gone, request_id=request.pk, at=AT)
    with pytest.raises(NotFound):
        reviews.approve(reviewer=people.staff(), request_id=request.pk + 1, at=AT)


def test_staff_may_change_the_rate_within_the_band() -> None:
    request, reviewer = make.submitted_request(), people.staff()
    band = _assessment(request)
    assert band.floor_rate is not None and band.ceiling_rate is not None
    for rate in (band.floor_rate - Decimal("0.0005"), band.ceiling_rate + Decimal("0.0005")):
        with pytest.raises(RateOutOfBand) as refusal:
            reviews.approve(reviewer=reviewer, request_id=request.pk, annual_rate=rate, at=AT)
        assert refusal.value.field == "annual_rate"
    listed = reviews.approve(
        reviewer=reviewer, request_id=request.pk, annual_rate=band.ceiling_rate, at=AT
    )
    assert listed.annual_rate == band.ceiling_rate


def test_a_rate_never_exceeds_what_the_borrower_accepts() -> None:
    highest = Decimal("0.05")
    request = make.submitted_request(amount=make.amount_data(max_rate=highest))
    posted = _assessment(request).posted_rate
    assert posted is not None and posted > highest
    with pytest.raises(RateOutOfBand):
        reviews.approve(reviewer=people.staff(), request_id=request.pk, annual_rate=posted, at=AT)
    listed = reviews.approve(reviewer=people.staff(), request_id=request.pk, at=AT)
    assert listed.annual_rate == highest


def test_a_large_request_needs_four_eyes() -> None:
    request, first, second = make.large_request(), people.staff(), people.staff()
    reviews.approve(reviewer=first, request_id=request.pk, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW
    with pytest.raises(FourEyes):
        reviews.approve(reviewer=first, request_id=request.pk, at=AT)
    assert Review.objects.count() == 1
    reviews.approve(reviewer=second, request_id=request.pk, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.LISTED
    assert [review.reviewer for review in Review.objects.order_by("id")] == [first, second]


def test_two_eyes_are_enough_up_to_the_limit() -> None:
    limit = LoanRequest(amount_cents=25_000_00)
    above = LoanRequest(amount_cents=25_025_00)
    assert (reviews.needs_two(limit), reviews.needs_two(above)) == (False, True)


def test_both_approve_one_rate() -> None:
    request = make.large_request()
    band = _assessment(request)
    reviews.approve(
        reviewer=people.staff(), request_id=request.pk, annual_rate=band.ceiling_rate, at=AT
    )
    with pytest.raises(RateDiffers) as refusal:
        reviews.approve(
            reviewer=people.staff(), request_id=request.pk, annual_rate=band.floor_rate, at=AT
        )
    assert "%" in refusal.value.message
    listed = reviews.approve(reviewer=people.staff(), request_id=request.pk, at=AT)
    assert listed.annual_rate == band.ceiling_rate


def test_one_person_decides_once() -> None:
    request, reviewer = make.large_request(), people.staff()
    reviews.approve(reviewer=reviewer, request_id=request.pk, at=AT)
    with pytest.raises(AlreadyReviewed):
        reviews.decline(reviewer=reviewer, request_id=request.pk, reasons=["story"], at=AT)
    reviews.decline(reviewer=people.staff(), request_id=request.pk, reasons=["story"], at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.DECLINED


def test_a_refusal_names_its_reasons_and_counts_once() -> None:
    request, reviewer = make.submitted_request(), people.staff()
    for _ in range(2):
        reviews.decline(
            reviewer=reviewer,
            request_id=request.pk,
            reasons=["documents", "story", "story"],
            note="The payslip is from 2019.",
            at=AT,
        )
    request.refresh_from_db()
    refusal = selectors.refusal_of(request)
    assert refusal is not None
    assert (refusal.reasons, refusal.is_automatic) == (["documents", "story"], False)
    letter = Message.objects.get(person=request.borrower, kind="request_declined")
    assert letter.facts["note"] == "The payslip is from 2019."
    assert Review.objects.count() == 1


@pytest.mark.parametrize("given", [[], ["nose"], ["score", ""]])
def test_a_refusal_without_a_known_reason_is_none(given: list[str]) -> None:
    request = make.submitted_request()
    with pytest.raises(InvalidInput) as refusal:
        reviews.decline(reviewer=people.staff(), request_id=request.pk, reasons=given, at=AT)
    assert refusal.value.field == "reasons"
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW


def test_a_question_sends_the_request_back_and_is_answered_by_handing_in_anew() -> None:
    request, reviewer = make.submitted_request(), people.staff()
    question = "Is the rent with or without heating?"
    for _ in range(2):
        reviews.ask_back(reviewer=reviewer, request_id=request.pk, question=question, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.DRAFT
    assert selectors.question_to_borrower(request) == question
    requests.save_budget(
        borrower=request.borrower,
        request_id=request.pk,
        data=make.budget_data(housing_cents=800_00),
    )
    later = AT + timedelta(hours=3)
    requests.submit(borrower=request.borrower, request_id=request.pk, at=later)
    request.refresh_from_db()
    assert selectors.question_to_borrower(request) == ""
    assert request.assessments.count() == 2
    reviews.approve(reviewer=reviewer, request_id=request.pk, at=later)
    request.refresh_from_db()
    assert request.status == RequestStatus.LISTED
    assert _letters(request.borrower)[1:3] == ["question_back", "request_submitted"]


def test_what_is_not_in_review_is_not_decided() -> None:
    draft = make.complete_draft()
    listed = make.approved_request()
    for request in (draft, listed):
        with pytest.raises(IllegalTransition):
            reviews.decline(
                reviewer=people.staff(), request_id=request.pk, reasons=["story"], at=AT
            )
        with pytest.raises(IllegalTransition):
            reviews.approve(reviewer=people.staff(), request_id=request.pk, at=AT)


def test_staff_take_a_request_off_the_market_and_say_why() -> None:
    request = make.filled_request(shares_cents=[1_000_00])
    (offer,) = request.offers.all()
    reviewer, why = people.staff(), "The story is copied from another request."
    reviews.cancel(reviewer=reviewer, request_id=request.pk, reason=why, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.CANCELLED
    assert balance_cents(AccountRole.CASH, offer.lender_id) == 1_000_00
    assert (
        Message.objects.get(person=request.borrower, kind="request_cancelled").facts["why"] == why
    )
    (cancelled,) = [row for row in audit.trail(request) if row.after == "cancelled"]
    assert (cancelled.actor_id, cancelled.reason) == (reviewer.pk, why)


def test_the_queue_is_staffs_alone_and_the_oldest_comes_first(
    django_assert_num_queries: Any,
) -> None:
    staff = people.staff()
    late = make.submitted_request(at=AT + timedelta(days=1))
    early = make.submitted_request(at=AT)
    make.approved_request(at=AT)
    large = make.large_request(at=AT + timedelta(days=2))
    reviews.approve(reviewer=staff, request_id=large.pk, at=AT + timedelta(days=2, hours=1))
    with django_assert_num_queries(2):
        queue = list(selectors.review_queue(staff))
        read = [(row.borrower.email, row.assessments.all()[0].points) for row in queue]
    assert queue == [early, late, large] and len(read) == 3
    assert [row.approvals for row in queue] == [0, 0, 1]
    assert selectors.review_by(early) == date(2026, 1, 8)
    for stranger in (people.lender(), early.borrower):
        with pytest.raises(NotFound):
            selectors.review_queue(stranger)
        with pytest.raises(NotFound):
            selectors.case_for_review(stranger, early.pk)


def test_approvals_of_an_earlier_round_of_questions_do_not_count() -> None:
    request, first, second = make.large_request(), people.staff(), people.staff()
    reviews.approve(reviewer=first, request_id=request.pk, at=AT)
    asked = "What exactly is the car's price?"
    reviews.ask_back(reviewer=second, request_id=request.pk, question=asked, at=AT)
    later = AT + timedelta(days=1)
    requests.submit(borrower=request.borrower, request_id=request.pk, at=later)
    (queued,) = selectors.review_queue(first)
    assert queued.approvals == 0
    reviews.approve(reviewer=first, request_id=request.pk, at=later)
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW


def test_a_newcomer_to_staff_sees_a_case_with_its_history() -> None:
    request = make.submitted_request()
    case = selectors.case_for_review(people.person(Role.STAFF), request.pk)
    assert case.assessments.all()[0].grade == _assessment(request).grade
