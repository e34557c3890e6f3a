"""What staff decide about a request: approve, decline, ask back, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import IllegalTransition, NotAllowed, NotFound
from core.inputs import Missing, one_of, text
from core.jobs import enqueue
from core.transitions import advance
from lending.choices import FOUR_EYES_FROM_CENTS, LISTING_DAYS
from lending.errors import AlreadyReviewed, FourEyes, RateDiffers, RateOutOfBand
from lending.models import (
    Assessment,
    DeclineReason,
    FeeKind,
    LoanRequest,
    Review,
    ReviewDecision,
)
from lending.selectors.fees import fee_rate
from lending.services.offers import end_request
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from notifications.services import notify


@dataclass(frozen=True)
class _Case:
    """A request under review, locked, with the assessment that is decided on."""

    request: LoanRequest
    assessment: Assessment

    def earlier(self) -> QuerySet[Review]:
        """Decisions on this assessment, oldest first."""
        return Review.objects.filter(assessment=self.assessment).order_by("id")


@transaction.atomic
def approve(
    *,
    reviewer: User,
    request_id: int,
    at: datetime,
    note: str = "",
    annual_rate: Decimal | None = None,
) -> LoanRequest:
    """Approve a request; it is listed, above FOUR_EYES_FROM_CENTS once a second person approves.

    Args:
        annual_rate: within the assessment's band and what the borrower accepts; None takes the
            first approval's rate, else the posted one.
    Raises NotAllowed, NotFound, IllegalTransition, FourEyes, AlreadyReviewed, RateOutOfBand or
    RateDiffers. The same approval sent twice counts once.
    """
    case = _open_case(reviewer, request_id)
    if case.request.status == RequestStatus.LISTED and _own(case, reviewer, "approve"):
        return case.request
    _check_undecided(case, reviewer, ReviewDecision.APPROVE)
    first = case.earlier().filter(decision=ReviewDecision.APPROVE).first()
    rate = _rate_for(case, first, annual_rate)
    _record(case, reviewer, ReviewDecision.APPROVE, at=at, note=note, annual_rate=rate)
    if needs_two(case.request) and first is None:
        return case.request
    _list(case, rate, reviewer, at=at)
    return case.request


def needs_two(request: LoanRequest) -> bool:
    """Whether two members of staff have to approve."""
    return (request.amount_cents or 0) > FOUR_EYES_FROM_CENTS


def listing_rate(request: LoanRequest, assessment: Assessment) -> Decimal | None:
    """The rate at which the request is listed if staff change nothing: posted, or for an auction
    the ceiling, both capped by the borrower's own highest rate."""
    usual = assessment.ceiling_rate if request.is_auction else assessment.posted_rate
    if usual is None or request.max_rate is None:
        return usual
    return min(usual, request.max_rate)


def _open_case(reviewer: User, request_id: int) -> _Case:
    if not (reviewer.is_staff and reviewer.is_active):
        raise NotAllowed("only staff decide")
    request = LoanRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise NotFound(f"request {request_id}")
    assessment = request.assessments.order_by("-id").first()
    if assessment is None:
        raise IllegalTransition(f"request {request_id} was never assessed")
    return _Case(request, assessment)


def _check_undecided(case: _Case, reviewer: User, decision: ReviewDecision) -> None:
    """The request is in review, and this person has not decided on this assessment."""
    if case.request.status != RequestStatus.IN_REVIEW:
        raise IllegalTransition(f"request {case.request.pk} is {case.request.status}")
    own = case.earlier().filter(reviewer=reviewer).first()
    if own is None:
        return
    if own.decision == decision == ReviewDecision.APPROVE:
        raise FourEyes
    raise AlreadyReviewed


def _rate_for(case: _Case, first: Review | None, wanted: Decimal | None) -> Decimal:
    if first is not None and first.annual_rate is not None:
        if wanted is not None and wanted != first.annual_rate:
            raise RateDiffers(field="annual_rate", approved_rate=first.annual_rate)
        return first.annual_rate
    rate = wanted if wanted is not None else listing_rate(case.request, case.assessment)
    floor, ceiling = case.assessment.floor_rate, case.assessment.ceiling_rate
    if rate is None or floor is None or ceiling is None:
        raise IllegalTransition(f"request {case.request.pk} has no price")
    highest = min(ceiling, case.request.max_rate or ceiling)
    if not floor <= rate <= highest:
        raise RateOutOfBand(field="annual_rate", floor_rate=floor, ceiling_rate=highest)
    return rate


def _record(
    case: _Case,
    reviewer: User,
    decision: ReviewDecision,
    *,
    at: datetime,
    note: str,
    annual_rate: Decimal | None = None,
    reasons: Sequence[str] = (),
) -> Review:
    review = Review.objects.create(
        request=case.request,
        reviewer=reviewer,
        assessment=case.assessment,
        decision=decision,
        reasons=list(reasons),
        note=text("note", note, minimum=0, maximum=4000),
        annual_rate=annual_rate,
        at=at,
    )
    data = {"review": review.pk, "annual_rate": str(annual_rate or ""), "reasons": review.reasons}
    audit.record(case.request, f"review_{decision}", at=at, actor_id=reviewer.pk, data=data)
    return review


def _list(case: _Case, rate: Decimal, reviewer: User, *, at: datetime) -> None:
    """Put the request on the market and call the engine."""
    request, on = case.request, day_of(at)
    advance(
        request,
        RequestStatus.LISTED,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=reviewer.pk,
        data={"annual_rate": str(rate)},
        annual_rate=rate,
        floor_rate=case.assessment.floor_rate if request.is_auction else None,
        grade=case.assessment.grade,
        affordability_mark=case.assessment.affordability_mark,
        borrower_fee_rate=fee_rate(FeeKind.BORROWER, on),
        listed_at=at,
        deadline_on=on + timedelta(days=LISTING_DAYS),
    )
    _tell(
        case,
        "request_listed",
        {
            "amount_cents": request.amount_cents,
            "annual_rate": rate,
            "deadline_on": request.deadline_on,
        },
        at=at,
    )
    enqueue("matching.round_requested")


@transaction.atomic
def decline(
    *, reviewer: User, request_id: int, at: datetime, reasons: Sequence[str], note: str = ""
) -> LoanRequest:
    """Decline a request, with at least one reason that the borrower is told.

    One person is enough. Declining twice is harmless.
    Raises NotAllowed, NotFound, IllegalTransition, AlreadyReviewed, or InvalidInput.
    """
    if not reasons:
        raise Missing(field="reasons")
    chosen = [one_of("reasons", reason, DeclineReason.values) for reason in dict.fromkeys(reasons)]
    case = _open_case(reviewer, request_id)
    if case.request.status == RequestStatus.DECLINED and _own(case, reviewer, "decline"):
        return case.request
    _check_undecided(case, reviewer, ReviewDecision.DECLINE)
    review = _record(case, reviewer, ReviewDecision.DECLINE, at=at, note=note, reasons=chosen)
    advance(
        case.request,
        RequestStatus.DECLINED,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=reviewer.pk,
        reason=", ".join(chosen),
        data={"automatic": False, "assessment": case.assessment.pk},
    )
    facts = {"reasons": chosen, "is_automatic": False, "note": review.note}
    _tell(case, "request_declined", facts, at=at)
    return case.request


@transaction.atomic
def ask_back(*, reviewer: User, request_id: int, at: datetime, question: str) -> LoanRequest:
    """Give the request back to the borrower with a question; handed in again it is assessed anew.

    Raises NotAllowed, NotFound, IllegalTransition, AlreadyReviewed, or InvalidInput.
    """
    asked = text("question", question, minimum=10, maximum=2000)
    case = _open_case(reviewer, request_id)
    if case.request.status == RequestStatus.DRAFT and _own(case, reviewer, "ask_back"):
        return case.request
    _check_undecided(case, reviewer, ReviewDecision.ASK_BACK)
    _record(case, reviewer, ReviewDecision.ASK_BACK, at=at, note=asked)
    advance(
        case.request,
        RequestStatus.DRAFT,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=reviewer.pk,
        reason="question asked back",
    )
    _tell(case, "question_back", {"question": asked}, at=at)
    return case.request


def _own(case: _Case, reviewer: User, decision: str) -> bool:
    return case.earlier().filter(reviewer=reviewer, decision=decision).exists()


def _tell(case: _Case, kind: str, facts: dict[str, object], *, at: datetime) -> None:
    notify(
        person_id=case.request.borrower_id,
        kind=kind,
        key=f"{kind}:{case.request.pk}:{case.assessment.pk}",
        facts={"request_id": case.request.pk, "title": case.request.title} | facts,
        at=at,
    )


def cancel(*, reviewer: User, request_id: int, at: datetime, reason: str) -> LoanRequest:
    """Take a request off the market, whoever bid on it; the borrower is told why.

    Raises NotAllowed, NotFound, IllegalTransition, or InvalidInput.
    """
    if not (reviewer.is_staff and reviewer.is_active):
        raise NotAllowed("only staff cancel")
    why = text("reason", reason, minimum=10, maximum=2000)
    with transaction.atomic():
        request = end_request(
            request_id=request_id,
            to=RequestStatus.CANCELLED,
            at=at,
            reason=why,
            actor_id=reviewer.pk,
        )
        notify(
            person_id=request.borrower_id,
            kind="request_cancelled",
            key=f"request_cancelled:{request.pk}",
            facts={"request_id": request.pk, "title": request.title, "why": why},
            at=at,
        )
    return request
