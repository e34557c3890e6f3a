"""A borrower's request: written step by step, handed in, taken back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final, Literal

from django.db import transaction

from accounts import selectors as people
from accounts.models import User
from core.errors import IllegalTransition, NotFound
from core.transitions import advance
from lending.errors import AlreadyOpen, NotABorrower, NotReady
from lending.models import Application, Assessment, LoanRequest
from lending.services.application_data import AmountData, BudgetData, StoryData, WorkData
from lending.services.assessments import assess, check_highest_rate
from lending.services.offers import end_request
from lending.states import OPEN_FOR_BORROWER, REQUEST_TRANSITIONS, RequestStatus
from notifications.services import notify

Step = Literal["amount", "work", "budget", "story", "consent"]
STEPS: Final[tuple[Step, ...]] = ("amount", "work", "budget", "story", "consent")
_HANDED_IN: Final = frozenset({RequestStatus.SUBMITTED, RequestStatus.IN_REVIEW})


@transaction.atomic
def start_request(*, borrower: User, at: datetime) -> LoanRequest:
    """Return the borrower's draft, a new one where there is none.

    Raises NotABorrower, or AlreadyOpen while another request is under way.
    """
    if not borrower.is_borrower:
        raise NotABorrower
    User.objects.select_for_update().get(pk=borrower.pk)
    under_way = LoanRequest.objects.filter(borrower=borrower, status__in=OPEN_FOR_BORROWER).first()
    if under_way and under_way.status == RequestStatus.DRAFT:
        return under_way
    if under_way:
        raise AlreadyOpen
    request = LoanRequest.objects.create(borrower=borrower, created_at=at)
    Application.objects.create(request=request)
    return request


@transaction.atomic
def save_amount(*, borrower: User, request_id: int, data: AmountData) -> LoanRequest:
    """Store step one; raises NotFound, IllegalTransition (handed in already) or InvalidInput."""
    return _store(_draft(borrower, request_id), data.checked())


@transaction.atomic
def save_work(*, borrower: User, request_id: int, data: WorkData) -> LoanRequest:
    """Store step two; raises as `save_amount`."""
    return _store_private(_draft(borrower, request_id), data.checked())


@transaction.atomic
def save_budget(*, borrower: User, request_id: int, data: BudgetData) -> LoanRequest:
    """Store step three; raises as `save_amount`."""
    return _store_private(_draft(borrower, request_id), data.checked())


@transaction.atomic
def save_story(*, borrower: User, request_id: int, data: StoryData) -> LoanRequest:
    """Store step four; raises as `save_amount`, or ContactInText."""
    return _store(_draft(borrower, request_id), data.checked())


@transaction.atomic
def give_consent(*, borrower: User, request_id: int, at: datetime) -> LoanRequest:
    """Note that the borrower agreed to be scored; the first time counts."""
    request = _draft(borrower, request_id)
    Application.objects.filter(request=request, scoring_consent_at=None).update(
        scoring_consent_at=at
    )
    return request


def _draft(borrower: User, request_id: int) -> LoanRequest:
    """Lock the borrower's own request, which must still be open to changes."""
    request = _own(borrower, request_id)
    if request.status != RequestStatus.DRAFT:
        raise IllegalTransition(f"request {request_id} is {request.status}")
    return request


def _own(borrower: User, request_id: int) -> LoanRequest:
    own = LoanRequest.objects.select_for_update().filter(pk=request_id, borrower=borrower)
    request = own.first()
    if request is None:
        raise NotFound(f"request {request_id}")
    return request


def _store(request: LoanRequest, data: AmountData | StoryData) -> LoanRequest:
    values = asdict(data)
    for name, value in values.items():
        setattr(request, name, value)
    request.save(update_fields=list(values))
    return request


def _store_private(request: LoanRequest, data: WorkData | BudgetData) -> LoanRequest:
    Application.objects.filter(request=request).update(**asdict(data))
    return request


def missing_steps(request: LoanRequest) -> list[Step]:
    """The steps of the application that are not done yet, in order."""
    application = request.application
    done: dict[Step, bool] = {
        "amount": request.amount_cents is not None,
        "work": bool(application.employment),
        "budget": bool(application.home),
        "story": bool(request.story),
        "consent": application.scoring_consent_at is not None,
    }
    return [step for step in STEPS if not done[step]]


@transaction.atomic
def submit(*, borrower: User, request_id: int, at: datetime) -> LoanRequest:
    """Hand a complete application in: assess it, then put it before staff or decline it.

    Declined without a person only where a hard limit is broken; the borrower is told which, and
    may ask for a person's review. Handing in twice changes nothing.
    Raises NotFound, IllegalTransition, NotReady (its field names the step that is missing), or
    RateOutOfBand when no loan of this risk is to be had at the highest rate accepted.
    """
    request = _own(borrower, request_id)
    if request.status in _HANDED_IN:
        return request
    _check_ready(borrower, request)
    advance(
        request,
        RequestStatus.SUBMITTED,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=borrower.pk,
        submitted_at=at,
    )
    assessment = assess(request=request, at=at)
    if assessment.is_acceptable:
        check_highest_rate(request, assessment)
        advance(request, RequestStatus.IN_REVIEW, table=REQUEST_TRANSITIONS, at=at)
        _tell(request, "request_submitted", assessment, at)
    else:
        advance(
            request,
            RequestStatus.DECLINED,
            table=REQUEST_TRANSITIONS,
            at=at,
            reason=", ".join(assessment.refusals),
            data={"automatic": True, "assessment": assessment.pk},
        )
        _tell(request, "request_declined", assessment, at)
    return request


def _check_ready(borrower: User, request: LoanRequest) -> None:
    missing = [*people.missing_steps(borrower), *missing_steps(request)]
    if missing:
        raise NotReady(", ".join(missing), field=missing[0])


def _tell(request: LoanRequest, kind: str, assessment: Assessment, at: datetime) -> None:
    facts: dict[str, object] = {"request_id": request.pk, "title": request.title}
    if kind == "request_declined":
        facts |= {"reasons": assessment.refusals, "is_automatic": True, "note": ""}
    notify(
        person_id=request.borrower_id,
        kind=kind,
        key=f"{kind}:{request.pk}:{assessment.pk}",
        facts=facts,
        at=at,
    )


def withdraw_request(*, borrower: User, request_id: int, at: datetime) -> LoanRequest:
    """Take a request back at any stage before payout; every offer goes back to its lender.

    Withdrawing twice is harmless. Raises NotFound or IllegalTransition.
    """
    own = LoanRequest.objects.filter(pk=request_id, borrower=borrower).first()
    if own is None:
        raise NotFound(f"request {request_id}")
    if own.status == RequestStatus.WITHDRAWN:
        return own
    return end_request(
        request_id=request_id,
        to=RequestStatus.WITHDRAWN,
        at=at,
        reason="withdrawn by the borrower",
        actor_id=borrower.pk,
    )
