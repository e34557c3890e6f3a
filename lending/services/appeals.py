"""A person's second look at a refusal: asked for by the borrower, answered by staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import IllegalTransition, NotAllowed, NotFound
from core.inputs import one_of, text
from core.transitions import advance
from lending.choices import APPEAL_DAYS
from lending.errors import AlreadyOpen, NotImpartial
from lending.models import Appeal, AppealOutcome, LoanRequest
from lending.states import OPEN_FOR_BORROWER, REQUEST_TRANSITIONS, RequestStatus
from notifications.services import notify


@transaction.atomic
def ask_for_review(*, borrower: User, request_id: int, statement: str, at: datetime) -> Appeal:
    """Ask that a person looks at a refusal again; one appeal for each decision.

    Asking twice returns the first appeal.
    Raises NotFound, IllegalTransition (it was not refused), or InvalidInput.
    """
    said = text("statement", statement, minimum=20, maximum=4000)
    own = LoanRequest.objects.select_for_update().filter(pk=request_id, borrower=borrower)
    request = own.first()
    if request is None:
        raise NotFound(f"request {request_id}")
    assessment = request.assessments.order_by("-id").first()
    if request.status != RequestStatus.DECLINED or assessment is None:
        raise IllegalTransition(f"request {request_id} is {request.status}")
    appeal, is_new = Appeal.objects.get_or_create(
        assessment=assessment,
        defaults={
            "request": request,
            "statement": said,
            "asked_at": at,
            "answer_by": day_of(at) + timedelta(days=APPEAL_DAYS),
        },
    )
    if is_new:
        audit.record(request, "appeal", at=at, actor_id=borrower.pk, data={"appeal": appeal.pk})
        _tell(appeal, "appeal_received", {"answer_on": appeal.answer_by}, at=at)
    return appeal


@transaction.atomic
def answer_appeal(
    *, reviewer: User, appeal_id: int, outcome: AppealOutcome, answer: str, at: datetime
) -> Appeal:
    """Answer with reasons: the refusal stands, or the borrower may correct the request and hand
    it in again.

    Raises NotAllowed, NotFound, NotImpartial (the reviewer refused it), IllegalTransition
    (answered otherwise before), AlreadyOpen (another request is under way), or InvalidInput.
    """
    if not (reviewer.is_staff and reviewer.is_active):
        raise NotAllowed("only staff answer")
    chosen = AppealOutcome(one_of("outcome", str(outcome), AppealOutcome.values))
    reasons = text("answer", answer, minimum=20, maximum=4000)
    appeal = Appeal.objects.select_for_update().filter(pk=appeal_id).first()
    if appeal is None:
        raise NotFound(f"appeal {appeal_id}")
    if (appeal.reviewer_id, appeal.outcome) == (reviewer.pk, chosen):
        return appeal
    if appeal.outcome:
        raise IllegalTransition(f"appeal {appeal_id} is answered")
    if appeal.assessment.reviews.filter(reviewer=reviewer).exists():
        raise NotImpartial
    appeal.reviewer, appeal.outcome, appeal.answer = reviewer, chosen, reasons
    appeal.answered_at = at
    appeal.save(update_fields=["reviewer", "outcome", "answer", "answered_at"])
    if chosen == AppealOutcome.REOPENED:
        _reopen(appeal, reviewer, at=at)
    data = {"appeal": appeal.pk, "outcome": chosen}
    audit.record(appeal.request, "appeal_answered", at=at, actor_id=reviewer.pk, data=data)
    facts = {"answer": reasons, "is_reopened": chosen == AppealOutcome.REOPENED}
    _tell(appeal, "appeal_answered", facts, at=at)
    return appeal


def _reopen(appeal: Appeal, reviewer: User, *, at: datetime) -> None:
    borrower = appeal.request.borrower
    User.objects.select_for_update().get(pk=borrower.pk)
    request = LoanRequest.objects.select_for_update().get(pk=appeal.request_id)
    if LoanRequest.objects.filter(borrower=borrower, status__in=OPEN_FOR_BORROWER).exists():
        raise AlreadyOpen
    advance(
        request,
        RequestStatus.DRAFT,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=reviewer.pk,
        reason="an appeal was granted",
    )


def _tell(appeal: Appeal, kind: str, facts: dict[str, object], *, at: datetime) -> None:
    notify(
        person_id=appeal.request.borrower_id,
        kind=kind,
        key=f"{kind}:{appeal.pk}",
        facts={"request_id": appeal.request_id, "title": appeal.request.title} | facts,
        at=at,
    )
