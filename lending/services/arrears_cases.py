"""The ladder of arrears: day end opens cases, reminds, writes early and closes what was paid.

What a person has to decide (final notice, calling due and what follows) is never done by day end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from accounts.models import User
from core.bulk import array_or_all
from core.clock import day_of
from core.dates import add_months
from core.transitions import advance
from lending.choices import DEFAULT_ENDS_AFTER_MONTHS
from lending.domain import due_dates
from lending.domain.arrears_ladder import (
    BETWEEN_LETTERS_DAYS,
    EARLY_CONTACT_FROM_DAYS,
    REMINDER_1_FROM_DAYS,
    REMINDER_2_FROM_DAYS,
    Standing,
    missing,
)
from lending.domain.notices import notice_until
from lending.models import ArrearsCase, DocumentKind, LoanEventKind
from lending.selectors.arrears import BEFORE_TERMINATION, CALLED, open_case_of, standing_of
from lending.selectors.debts import late_of
from lending.services.arrears_letters import early_contact, send_letter
from lending.services.arrears_moves import check_staff, locked_case, locked_loan, move_case
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, ArrearsStage, LoanStatus

_REMINDERS: Final = {
    ArrearsStage.LATE: (ArrearsStage.REMINDER_1, DocumentKind.REMINDER_1),
    ArrearsStage.REMINDER_1: (ArrearsStage.REMINDER_2, DocumentKind.REMINDER_2),
}
_RUNNING: Final = (LoanStatus.ACTIVE, LoanStatus.DEFAULTED)


class _Concerned(NamedTuple):
    """A loan that is late or has an open case, with what tells whether today brings a step."""

    loan_id: int
    loan_status: str
    oldest_due_on: date | None
    stage: str | None
    stage_since: date | None
    is_contacted: bool


def walk(*, on: date, at: datetime, loan_ids: Sequence[int] | None = None) -> dict[str, object]:
    """Day end: take each late loan one step along the ladder where a step is due today.

    Args:
        loan_ids: look at these loans alone; None is all of them.
    """
    done: dict[str, object] = {}
    for loan_id in concerned(on, loan_ids):
        if step := walk_loan(loan_id=loan_id, on=on, at=at):
            done[step] = int(str(done.get(step, 0))) + 1
    return done


def concerned(on: date, loan_ids: Sequence[int] | None = None) -> list[int]:
    """The loans for which `on` may bring a step, from one query over all of them."""
    given: dict[str, Any] = {
        "on": on,
        "running": list(_RUNNING),
        "loan_ids": array_or_all(loan_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, given)
        rows = [_Concerned(*row) for row in cursor.fetchall()]
    return [row.loan_id for row in rows if _may_step(row, on)]


def _may_step(row: _Concerned, on: date) -> bool:
    days = due_dates.days_past_due(row.oldest_due_on, on)
    if row.stage is None or row.stage_since is None:
        return days > 0
    if row.stage in CALLED:
        return row.loan_status == LoanStatus.REPAID
    if row.stage not in BEFORE_TERMINATION:
        return False
    waited = (on - row.stage_since).days >= BETWEEN_LETTERS_DAYS
    return (
        days == 0
        or (row.stage == ArrearsStage.LATE and days >= REMINDER_1_FROM_DAYS)
        or (row.stage == ArrearsStage.REMINDER_1 and days >= REMINDER_2_FROM_DAYS and waited)
        or (days >= EARLY_CONTACT_FROM_DAYS and not row.is_contacted)
    )


@transaction.atomic
def walk_loan(*, loan_id: int, on: date, at: datetime) -> str | None:
    """Take one loan the step that is due on `on`; the name of the step, or None."""
    loan = locked_loan(loan_id)
    case = open_case_of(loan)
    if case is None:
        late = late_of(loan, on) if loan.status in _RUNNING else []
        if not late:
            return None
        opened = ArrearsCase.objects.create(
            loan=loan, opened_on=on, late_since=late[0].due_on, stage_since=on
        )
        if loan.terminated_on is not None:
            move_case(opened, ArrearsStage.TERMINATED, on=on, at=at, reason="called due before")
        return "opened"
    case.loan = loan
    return _step(case, standing_of(case, on), on=on, at=at)


def _step(case: ArrearsCase, standing: Standing, *, on: date, at: datetime) -> str | None:
    if not missing(case.status, ArrearsStage.CURED, standing):
        _cure(case, on=on, at=at)
        return "cured"
    stage = ArrearsStage(case.status)
    is_early = stage in BEFORE_TERMINATION and standing.days_past_due >= EARLY_CONTACT_FROM_DAYS
    if is_early and early_contact(case, on=on, at=at):
        return "early contacts"
    if stage in _REMINDERS and not missing(stage, _REMINDERS[stage][0], standing):
        to, kind = _REMINDERS[stage]
        move_case(case, to, on=on, at=at)
        send_letter(case, kind, on=on, at=at)
        return "reminders"
    return None


def _cure(case: ArrearsCase, *, on: date, at: datetime) -> None:
    move_case(case, ArrearsStage.CURED, on=on, at=at)
    note_event(loan_id=case.loan_id, kind=LoanEventKind.CURED, on=on, key=f"cured:{case.pk}")


@transaction.atomic
def give_final_notice(*, staff: User, case_id: int, at: datetime) -> ArrearsCase:
    """Threaten to call the loan due unless what is late is paid within two weeks; offer a talk.

    Raises NotAllowed, NotFound, IllegalTransition, or GuardHolds. Doing it twice is harmless.
    """
    check_staff(staff)
    case, on = locked_case(case_id), day_of(at)
    if case.status == ArrearsStage.FINAL_NOTICE:
        return case
    until = notice_until(on)
    standing = standing_of(case, on)
    move_case(
        case,
        ArrearsStage.FINAL_NOTICE,
        on=on,
        at=at,
        actor_id=staff.pk,
        notice_until=until,
        demanded_cents=standing.overdue_cents,
    )
    send_letter(case, DocumentKind.FINAL_NOTICE, on=on, at=at, by_id=staff.pk, pay_by=until)
    return case


def leave_default(
    *, on: date, at: datetime, loan_ids: Sequence[int] | None = None
) -> dict[str, object]:
    """Day end: a loan leaves default after clean months, or once its terms were eased.

    Args:
        loan_ids: look at these loans alone; None is all of them.
    """
    clean = _clean_again(on) if loan_ids is None else set(loan_ids).intersection(_clean_again(on))
    left = [loan_id for loan_id in sorted(clean) if leave_default_of(loan_id, on=on, at=at)]
    return {"left_default": len(left)}


@transaction.atomic
def leave_default_of(loan_id: int, *, on: date, at: datetime) -> bool:
    """Let one loan of which nothing is late run as before."""
    loan = locked_loan(loan_id)
    if loan.status != LoanStatus.DEFAULTED or late_of(loan, on):
        return False
    advance(
        loan,
        LoanStatus.ACTIVE,
        table=LOAN_TRANSITIONS,
        at=at,
        reason="terms eased" if loan.forborne_until else "clean months after arrears",
    )
    note_event(
        loan_id=loan.pk, kind=LoanEventKind.SOUND, on=on, key=f"sound:{loan.pk}:{on.isoformat()}"
    )
    return True


def _clean_again(on: date) -> Iterator[int]:
    clean_since = add_months(on, -DEFAULT_ENDS_AFTER_MONTHS)
    with connection.cursor() as cursor:
        cursor.execute(_CLEAN_AGAIN, {"on": on, "clean_since": clean_since})
        yield from (row[0] for row in cursor.fetchall())


_CONCERNED: Final = """
WITH oldest AS (
    SELECT loan_id, min(due_on) AS due_on FROM lending_instalment
    WHERE paid_on IS NULL AND superseded_on IS NULL AND due_on < %(on)s GROUP BY loan_id
)
SELECT loan.id, loan.status, oldest.due_on, spell.status, spell.stage_since,
       EXISTS (SELECT FROM lending_contact WHERE key = 'early:' || spell.id)
FROM lending_loan AS loan
LEFT JOIN oldest ON oldest.loan_id = loan.id
LEFT JOIN lending_arrearscase AS spell ON spell.loan_id = loan.id AND spell.closed_on IS NULL
WHERE loan.id IN (SELECT loan_id FROM oldest
                  UNION SELECT loan_id FROM lending_arrearscase WHERE closed_on IS NULL)
  AND (spell.id IS NOT NULL OR loan.status = ANY(%(running)s))
  AND (%(loan_ids)s::bigint[] IS NULL OR loan.id = ANY(%(loan_ids)s::bigint[]))
ORDER BY loan.id
"""

_CLEAN_AGAIN: Final = """
SELECT loan.id FROM lending_loan AS loan
WHERE loan.status = 'defaulted' AND loan.terminated_on IS NULL
  AND NOT EXISTS (SELECT FROM lending_arrearscase AS spell
                  WHERE spell.loan_id = loan.id
                    AND (spell.closed_on IS NULL
                         OR (spell.closed_on > %(clean_since)s
                             AND coalesce(loan.forborne_until, %(on)s) <= %(on)s)))
ORDER BY loan.id
"""
