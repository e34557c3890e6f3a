"""Requests that ran out of time: not filled by their deadline, or filled and never signed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import structlog
from django.db import transaction

from core.errors import DomainError
from core.zone import market_zone
from lending.choices import SIGNING_DAYS
from lending.models import LoanRequest
from lending.services.offers import end_request, fill, suffices
from lending.states import RequestStatus
from notifications.services import notify

log = structlog.get_logger(__name__)


def expire_requests(*, on: date, at: datetime) -> dict[str, Any]:
    """Day end: expire what is open past its last day, give offers back, tell the borrowers.

    A deadline day counts in full: it is over when `on` is closed. A request of which as much is
    funded as its borrower said would do is filled with that part instead.
    """
    parts = _fill_parts(on, at=at)
    unfilled = LoanRequest.objects.filter(status=RequestStatus.LISTED, deadline_on__lte=on)
    last_filled = _end_of(on - timedelta(days=SIGNING_DAYS))
    unsigned = LoanRequest.objects.filter(status=RequestStatus.FILLED, filled_at__lt=last_filled)
    return {
        "parts": parts,
        "unfilled": _expire(list(unfilled.order_by("id")), "not filled by its deadline", at=at),
        "unsigned": _expire(list(unsigned.order_by("id")), "not signed in time", at=at),
    }


def _fill_parts(on: date, *, at: datetime) -> list[int]:
    """Fill what is over and of which enough is funded; returns the ids."""
    over = LoanRequest.objects.filter(
        status=RequestStatus.LISTED, deadline_on__lte=on, least_percent__lt=100
    )
    filled = []
    for request_id in over.order_by("id").values_list("pk", flat=True):
        with transaction.atomic():
            request = LoanRequest.objects.select_for_update().get(pk=request_id)
            if request.status == RequestStatus.LISTED and suffices(request):
                fill(request, at=at)
                filled.append(request_id)
    return filled


def _end_of(on: date) -> datetime:
    return datetime.combine(on + timedelta(days=1), time.min, tzinfo=market_zone())


def _expire(requests: list[LoanRequest], reason: str, *, at: datetime) -> list[int]:
    """End the requests one by one; returns the ids of those that expired."""
    expired = []
    for request in requests:
        try:
            end_request(
                request_id=request.pk,
                to=RequestStatus.EXPIRED,
                at=at,
                reason=reason,
                only_from=RequestStatus(request.status),
            )
        except DomainError as refusal:  # filled, signed or withdrawn this very moment
            log.info("request_not_expired", request_id=request.pk, code=refusal.code)
            continue
        _tell(request, at=at)
        expired.append(request.pk)
    return expired


def _tell(request: LoanRequest, *, at: datetime) -> None:
    notify(
        person_id=request.borrower_id,
        kind="request_expired",
        key=f"request_expired:{request.pk}",
        facts={
            "request_id": request.pk,
            "title": request.title,
            "was_filled": request.status == RequestStatus.FILLED,
        },
        at=at,
    )
