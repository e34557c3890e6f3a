"""A loan's day: the acts of `settings.LOAN_STEPS` in order, in one transaction for each date.

Day end takes shards of loans through a day at once. Where something breaks, that shard goes loan
by loan, and the one that broke is set aside with its error while the others go on. It is tried
again at each day end, by staff, and before money is booked on it: a loan goes through its days in
order and through each of them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.module_loading import import_string

from accounts.models import User
from core.audit import record
from core.dates import ONE_DAY
from core.errors import DomainError, NotFound
from core.models import DayEndRun
from core.shards import Partitioned
from lending.errors import LoanSetAside
from lending.models import Loan, SetAside
from lending.states import LoanStatus

log = structlog.get_logger(__name__)

RUNNING: Final = (LoanStatus.ACTIVE, LoanStatus.DEFAULTED)
_LONGEST_ERROR: Final = 500
# Classes of SQLSTATE: connection, rolled back for another's sake, resources, operator, system.
_OF_THE_SERVER: Final = ("08", "40", "53", "57", "58")


class StepBroke(Exception):
    """An act of a loan's day did not go through; `step` is its dotted name."""

    def __init__(self, step: str, problem: Exception) -> None:
        self.step = step
        self.problem = problem
        super().__init__(f"{step}: {_in_words(problem)}")


def lacking(on: date) -> QuerySet[Loan]:
    """Loans that have yet to go through the day end of `on`: they run, or closed on that day."""
    return Loan.objects.filter(
        Q(status__in=RUNNING) | Q(closed_on__gte=on), disbursed_on__lte=on
    ).filter(Q(serviced_through__isnull=True) | Q(serviced_through__lt=on))


def _keys(*, on: date) -> list[int]:
    return list(lacking(on).order_by("id").values_list("id", flat=True))


def service_range(*, first_key: int, last_key: int, on: date, at: datetime) -> dict[str, Any]:
    """Day end: take the loans of a range through the day, all at once or else one by one."""
    loans = lacking(on).filter(pk__range=(first_key, last_key)).order_by("id")
    yesterday = on - ONE_DAY
    in_step = Q(serviced_through=yesterday) | Q(serviced_through__isnull=True, disbursed_on=on)
    even = list(loans.filter(in_step).values_list("id", flat=True))
    try:
        result, alone = _service_day(even, on, at), []
    except StepBroke as broke:
        log.warning("day_of_loans_split", loans=len(even), step=broke.step)
        result, alone = {}, even
    behind = list(loans.exclude(pk__in=even).values_list("id", flat=True))
    left = [loan_id for loan_id in sorted(alone + behind) if not catch_up(loan_id, on, at)]
    done = len(even) + len(behind) - len(left)
    return result | {"loans": done, "set_aside": left}


service_loans: Final = Partitioned(keys=_keys, act=service_range)
"""The step of day end that takes every loan through its day."""


def catch_up(loan_id: int, through: date, at: datetime, by: User | None = None) -> bool:
    """Take one loan through each day that it missed up to `through`; set it aside where it stops.

    Each day is a transaction of its own, or a savepoint of the caller's. Returns whether it got
    there.
    """
    for day in missed_days(loan_id, through):
        try:
            _service_day([loan_id], day, at)
        except StepBroke as broke:
            _set_aside(loan_id, day, broke, at)
            return False
    SetAside.objects.filter(loan_id=loan_id, resolved_at__isnull=True).update(
        resolved_at=at, resolved_by=by
    )
    return True


def missed_days(loan_id: int, through: date) -> list[date]:
    """The days up to `through` that a running loan has not been through, in order."""
    loan = lacking(through).filter(pk=loan_id).first()
    if loan is None:
        return []
    first = loan.serviced_through + ONE_DAY if loan.serviced_through else loan.disbursed_on
    return [first + timedelta(days=number) for number in range((through - first).days + 1)]


@transaction.atomic
def _service_day(loan_ids: Sequence[int], on: date, at: datetime) -> dict[str, Any]:
    """Do every act of one day for those of the loans that lack it, under their locks.

    Raises StepBroke, and then nothing was done; errors of the connection itself go through.
    """
    locked = lacking(on).filter(pk__in=loan_ids).order_by("id").select_for_update(no_key=True)
    ids = list(locked.values_list("id", flat=True))
    whole: dict[str, Any] = {}
    if ids:
        for name in settings.LOAN_STEPS:
            whole |= _do_step(name, ids, on, at)
        Loan.objects.filter(pk__in=ids).update(serviced_through=on)
    return whole


def _do_step(name: str, loan_ids: Sequence[int], on: date, at: datetime) -> dict[str, Any]:
    try:
        with transaction.atomic():
            result: dict[str, Any] = import_string(name)(loan_ids=loan_ids, on=on, at=at)
            return result
    except Exception as error:
        if _is_of_the_server(error):
            raise
        raise StepBroke(name, error) from error


def _is_of_the_server(error: Exception) -> bool:
    """Whether the connection, the server or another's lock is to blame, and not the loan."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(_OF_THE_SERVER)


def _in_words(problem: Exception) -> str:
    said = problem.message if isinstance(problem, DomainError) else str(problem).strip()
    return f"{type(problem).__name__}: {said}"[:_LONGEST_ERROR]


@transaction.atomic
def _set_aside(loan_id: int, on: date, broke: StepBroke, at: datetime) -> None:
    """Note where a loan stopped, once however often it is tried."""
    facts = {
        "business_date": on,
        "step": broke.step,
        "error": _in_words(broke.problem),
        "at": at,
    }
    log.error("loan_set_aside", loan=loan_id, step=broke.step, error=facts["error"])
    SetAside.objects.bulk_create(
        [SetAside(loan_id=loan_id, tries=0, **facts)], ignore_conflicts=True
    )
    waiting = SetAside.objects.filter(loan_id=loan_id, resolved_at__isnull=True)
    waiting.update(tries=F("tries") + 1, **facts)


def ensure_serviced(*, loan_id: int, on: date, at: datetime) -> bool:
    """Take a loan through the day ends that it missed, before money is booked on it for `on`.

    Those are the closed days, and one that is being closed when it lies before `on`. Call it when
    the accounts are locked and the loan is not yet read: it locks the loan and no account.
    Returns whether the loan is up to date. Money that has come in is booked even where it is not,
    for the bank has moved it already; what is agreed anew calls `require_serviced`. A closed loan
    has nothing to go through: should it be opened again, it goes on from today.
    """
    closed = DayEndRun.objects.filter(Q(finished_at__isnull=False) | Q(business_date__lt=on))
    through = closed.order_by("-business_date").values_list("business_date", flat=True).first()
    if through is None:
        return True
    behind = Q(serviced_through__isnull=True) | Q(serviced_through__lt=through)
    loan = Loan.objects.filter(behind, pk=loan_id, disbursed_on__lte=through).first()
    if loan is None:
        return True
    if loan.status not in RUNNING:
        Loan.objects.filter(behind, pk=loan_id).update(serviced_through=through)
        return True
    return catch_up(loan_id, through, at)


def require_serviced(*, loan_id: int, on: date, at: datetime) -> None:
    """As `ensure_serviced`, for acts that can wait. Raises LoanSetAside."""
    if not ensure_serviced(loan_id=loan_id, on=on, at=at):
        raise LoanSetAside(f"loan {loan_id}")


@transaction.atomic
def run_again(*, staff: User, set_aside_id: int, at: datetime) -> bool:
    """Staff: try a loan that was set aside once more; whether it went through. Raises NotFound."""
    waiting = SetAside.objects.filter(pk=set_aside_id, resolved_at__isnull=True).first()
    if waiting is None:
        raise NotFound(f"loan set aside {set_aside_id}")
    through = DayEndRun.objects.filter(finished_at__isnull=False).latest("business_date")
    went = catch_up(waiting.loan_id, max(through.business_date, waiting.business_date), at, staff)
    record(waiting, "run_again", at=at, actor_id=staff.pk, after="done" if went else "set_aside")
    return went
