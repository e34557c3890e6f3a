"""What staff write down about a case: calls, promises to pay, offers to ease the loan."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction

from accounts.models import User
from core.clock import day_of
from core.inputs import one_of, text, within
from lending.models import Contact, ContactAnswer, ContactKind, LoanEventKind
from lending.services.arrears_moves import check_staff, locked_case
from lending.services.timeline import note_event

LONGEST_PROMISE_DAYS: Final = 60
_LONGEST_NOTE: Final = 4_000


@transaction.atomic
def record_call(*, staff: User, case_id: int, note: str, at: datetime, key: str = "") -> Contact:
    """Write down that borrower and staff spoke; the same `key` again returns what it named.

    Raises NotAllowed, NotFound, or InvalidInput.
    """
    said = text("note", note, minimum=3, maximum=_LONGEST_NOTE)
    return _record(staff, case_id, ContactKind.CALL, at=at, key=key, note=said)


@transaction.atomic
def record_promise(
    *,
    staff: User,
    case_id: int,
    promised_on: date,
    promised_cents: int,
    at: datetime,
    note: str = "",
    key: str = "",
) -> Contact:
    """Write down a promise to pay; until its day the ladder stands still.

    Raises NotAllowed, NotFound, or InvalidInput.
    """
    on = day_of(at)
    case = locked_case(case_id)
    contact = _record(
        staff,
        case_id,
        ContactKind.PROMISE,
        at=at,
        key=key,
        note=text("note", note, minimum=0, maximum=_LONGEST_NOTE),
        promised_on=within(
            "promised_on", promised_on, on, on + timedelta(days=LONGEST_PROMISE_DAYS)
        ),
        promised_cents=within("promised_cents", promised_cents, 1, case.loan.principal_cents * 2),
    )
    note_event(
        loan_id=case.loan_id,
        kind=LoanEventKind.PROMISED,
        on=on,
        key=f"promised:{contact.pk}",
        amount_cents=contact.promised_cents,
    )
    return contact


@transaction.atomic
def record_offer(
    *,
    staff: User,
    case_id: int,
    offer: str,
    at: datetime,
    answer: str = "",
    key: str = "",
) -> Contact:
    """Write down an offer to ease the loan and what was answered: no step to enforce without one.

    Raises NotAllowed, NotFound, or InvalidInput.
    """
    return _record(
        staff,
        case_id,
        ContactKind.OFFER,
        at=at,
        key=key,
        note=text("offer", offer, minimum=10, maximum=_LONGEST_NOTE),
        answer=one_of("answer", answer, ContactAnswer.values),
    )


def _record(
    staff: User,
    case_id: int,
    kind: ContactKind,
    *,
    at: datetime,
    key: str,
    **fields: object,
) -> Contact:
    check_staff(staff)
    case = locked_case(case_id)
    contact, _ = Contact.objects.get_or_create(
        key=key or f"{kind}:{uuid4()}",
        defaults={"case": case, "kind": kind, "on": day_of(at), "at": at, "by": staff, **fields},
    )
    return contact
