"""Requests as their borrower and staff may see them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Count, F, Prefetch, Q, QuerySet

from accounts.models import User
from core.clock import day_of
from core.errors import NotFound
from lending.choices import REVIEW_DAYS
from lending.models import Appeal, Assessment, LoanRequest, Review, ReviewDecision
from lending.states import RequestStatus


def requests_of(user: User) -> QuerySet[LoanRequest]:
    """A borrower's requests with their applications, newest first."""
    own = LoanRequest.objects.filter(borrower=user).select_related("application")
    return own.order_by("-created_at", "-id")


def request_of_borrower(user: User, request_id: int) -> LoanRequest:
    """One request of this borrower; NotFound for anyone else's."""
    found = requests_of(user).filter(pk=request_id).first()
    if found is None:
        raise NotFound(f"request {request_id}")
    return found


def latest_assessment(request: LoanRequest) -> Assessment | None:
    """The assessment that counts; None while the request was never handed in."""
    return request.assessments.order_by("-id").first()


def question_to_borrower(request: LoanRequest) -> str:
    """The question that staff asked back and that waits for an answer; else empty."""
    if request.status != RequestStatus.DRAFT:
        return ""
    last = request.reviews.order_by("-id").first()
    return last.note if last and last.decision == ReviewDecision.ASK_BACK else ""


class Refusal(NamedTuple):
    """Why a request was declined: codes of reasons, a note, and whether a person decided."""

    reasons: list[str]
    note: str
    is_automatic: bool
    appeal: Appeal | None


def refusal_of(request: LoanRequest) -> Refusal | None:
    """The refusal that stands, for the request's own borrower; None unless it is declined."""
    assessment = latest_assessment(request)
    if request.status != RequestStatus.DECLINED or assessment is None:
        return None
    appeal = Appeal.objects.filter(assessment=assessment).first()
    by_staff = assessment.reviews.filter(decision=ReviewDecision.DECLINE).first()
    if by_staff:
        return Refusal(list(by_staff.reasons), by_staff.note, False, appeal)
    return Refusal(list(assessment.refusals), "", True, appeal)


def review_by(request: LoanRequest) -> date | None:
    """The day by which staff decide; None while the request is not handed in."""
    if request.submitted_at is None:
        return None
    return day_of(request.submitted_at) + timedelta(days=REVIEW_DAYS)


def review_queue(staff: User) -> QuerySet[LoanRequest]:
    """Requests that wait for a decision, the most urgent first; NotFound unless staff asks.

    Each carries `approvals`, the approvals of its present assessment so far.
    """
    _check_staff(staff)
    newest = Assessment.objects.order_by("-id")
    approved = Count(
        "reviews",
        filter=Q(reviews__decision=ReviewDecision.APPROVE, reviews__at__gte=F("submitted_at")),
    )
    return (
        LoanRequest.objects.filter(status=RequestStatus.IN_REVIEW)
        .select_related("borrower__profile", "application")
        .prefetch_related(Prefetch("assessments", queryset=newest))
        .annotate(approvals=approved)
        .order_by("submitted_at", "id")
    )


def case_for_review(staff: User, request_id: int) -> LoanRequest:
    """Any request with all that staff need to judge it; NotFound unless staff asks."""
    _check_staff(staff)
    reviews = Review.objects.select_related("reviewer").order_by("id")
    found = (
        LoanRequest.objects.select_related("borrower__profile", "application")
        .prefetch_related(
            Prefetch("assessments", queryset=Assessment.objects.order_by("-id")),
            Prefetch("reviews", queryset=reviews),
        )
        .filter(pk=request_id)
        .first()
    )
    if found is None:
        raise NotFound(f"request {request_id}")
    return found


def open_appeals(staff: User) -> QuerySet[Appeal]:
    """Appeals that wait for an answer, the most urgent first; NotFound unless staff asks."""
    _check_staff(staff)
    waiting = Appeal.objects.filter(outcome="").select_related("request__borrower", "assessment")
    return waiting.order_by("answer_by", "id")


def _check_staff(user: User) -> None:
    if not (user.is_staff and user.is_active):
        raise NotFound("only staff see this")
