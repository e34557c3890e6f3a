"""A status moves along its table, from what was read, and leaves an audit row that stays."""

from __future__ import annotations

import pytest
from django.db import InternalError, transaction
from django.db.utils import DatabaseError

from core import audit
from core.errors import IllegalTransition, StaleState
from core.models import AuditRow
from core.transitions import advance
from lending.models import LoanRequest
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from tests.factories.people import AT, borrower
from tests.factories.requests import listed_request

pytestmark = pytest.mark.django_db


def test_a_move_writes_status_fields_and_an_audit_row() -> None:
    request = listed_request(amount_cents=1_000_00)
    actor = borrower()
    advance(
        request,
        RequestStatus.FILLED,
        table=REQUEST_TRANSITIONS,
        at=AT,
        actor_id=actor.pk,
        reason="why",
        data={"cents": 1},
        filled_at=AT,
    )
    assert (request.status, request.filled_at) == (RequestStatus.FILLED, AT)
    stored = LoanRequest.objects.get(pk=request.pk)
    assert (stored.status, stored.filled_at) == (RequestStatus.FILLED, AT)
    row = audit.trail(request)[-1]
    assert (row.action, row.before, row.after) == ("status", "listed", "filled")
    assert (row.actor_id, row.reason, row.data, row.at) == (actor.pk, "why", {"cents": 1}, AT)


def test_a_move_that_the_table_lacks_is_refused_and_leaves_no_trace() -> None:
    request = listed_request()
    rows = AuditRow.objects.count()
    with pytest.raises(IllegalTransition):
        advance(request, RequestStatus.DISBURSED, table=REQUEST_TRANSITIONS, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.LISTED
    assert AuditRow.objects.count() == rows


def test_whoever_read_an_old_status_is_refused() -> None:
    request = listed_request()
    stale = LoanRequest.objects.get(pk=request.pk)
    advance(request, RequestStatus.WITHDRAWN, table=REQUEST_TRANSITIONS, at=AT)
    rows = AuditRow.objects.count()
    with pytest.raises(StaleState):
        advance(stale, RequestStatus.EXPIRED, table=REQUEST_TRANSITIONS, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.WITHDRAWN
    assert AuditRow.objects.count() == rows


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_trail_is_never_rewritten(change: str) -> None:
    request = listed_request()
    row = audit.record(request, "looked at", at=AT)
    rows = AuditRow.objects.filter(pk=row.pk)
    with pytest.raises((DatabaseError, InternalError), match="only grows"), transaction.atomic():
        rows.update(reason="forged") if change == "update" else rows.delete()
    assert rows.get().reason == ""
