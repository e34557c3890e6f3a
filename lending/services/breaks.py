"""Payment breaks: within limits the borrower's own choice, beyond them staff's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.dates import business_days_before
from core.errors import IllegalTransition, NotFound
from core.inputs import one_of, text
from core.transitions import advance
from ledger.errors import ReferenceReused
from lending.choices import (
    BREAK_HORIZON,
    BREAK_MONTHS_A_YEAR,
    BREAK_MONTHS_WITH_US,
    BREAK_NOTICE_BANK_DAYS,
    BREAK_PAID_BEFORE,
    BREAKS_A_LOAN,
)
from lending.domain.breaks import Collect, PlannedBreak, PlanPart, most_in_a_year, planned_break
from lending.domain.due_dates import payable_on
from lending.errors import AskUs, ChangeUnderWay, NoSuchBreak
from lending.models import ChangeKind, Loan, PlanChange
from lending.selectors.changes import due_by, open_parts
from lending.services.plan_changes import Effect, change_facts, effect_of, put_in_force
from lending.services.servicing import require_serviced
from lending.states import CHANGE_OPEN, CHANGE_TRANSITIONS, ChangeStatus, LoanStatus
from notifications.services import notify

COLLECTS = ("spread", "end")


class Choice(NamedTuple):
    """An instalment that a borrower may want to skip, and whether there is still time to."""

    number: int
    due_on: date
    total_cents: int
    is_in_time: bool


@dataclass(frozen=True)
class BreakRoom:
    """What a borrower may choose.

    Attributes:
        choices: the coming instalments.
        limits: codes of the limits that stand against a break without asking; see
            `lending.reasons.BREAK_LIMITS`.
        taken: months skipped so far on this loan.
        is_open: whether any break of this loan can be planned at all, even with staff's consent.
    """

    choices: list[Choice]
    limits: list[str]
    taken: list[date] = field(default_factory=list)
    is_open: bool = True


@dataclass(frozen=True)
class BreakPreview:
    """One break worked out: the plan, its effect, and the limits that it breaks."""

    plan: PlannedBreak
    effect: Effect
    numbers: list[int]
    collect: Collect
    limits: list[str]

    @property
    def is_own_choice(self) -> bool:
        """Whether the borrower may take it without asking."""
        return not self.limits


def break_options(*, borrower: User, loan_id: int, on: date) -> BreakRoom:
    """What this borrower can choose on a day, and what stands against it. Raises NotFound."""
    return _room(_own_loan(borrower, loan_id), on)


def preview_break(
    *, borrower: User, loan_id: int, numbers: Collection[int], collect: str, on: date
) -> BreakPreview:
    """Work out a break without taking it. Raises NotFound, NoSuchBreak, or InvalidInput."""
    loan = _own_loan(borrower, loan_id)
    return planned(loan, numbers, collect, on)


@transaction.atomic
def take_break(
    *,
    borrower: User,
    loan_id: int,
    numbers: Collection[int],
    collect: str,
    on: date,
    at: datetime,
    request_key: UUID,
    seal: str = "",
) -> PlanChange:
    """Take a break within the limits: the new plan holds at once, and the lenders are told.

    The same `request_key` again returns the break that it took.
    Raises NotFound, AskUs (a limit stands against it), NoSuchBreak, ChangeUnderWay, StaleState
    (`seal` names other figures than those of today), LoanSetAside, or ReferenceReused.
    """
    _own_loan(borrower, loan_id)
    require_serviced(loan_id=loan_id, on=on, at=at)
    loan = _locked_own_loan(borrower, loan_id)
    if earlier := _earlier(request_key, loan):
        return earlier
    _check_none_open(loan)
    preview = planned(loan, numbers, collect, on)
    preview.effect.check_seal(seal)
    if preview.limits:
        raise AskUs(", ".join(preview.limits))
    change = _ask(loan, borrower, preview, request_key, at=at, reason="")
    advance(
        change,
        ChangeStatus.AGREED,
        table=CHANGE_TRANSITIONS,
        at=at,
        actor_id=borrower.pk,
        reason="within the limits",
    )
    begin_break(change, loan, preview, on=on, at=at, actor_id=borrower.pk)
    return change


@transaction.atomic
def ask_for_break(
    *,
    borrower: User,
    loan_id: int,
    numbers: Collection[int],
    collect: str,
    reason: str,
    on: date,
    at: datetime,
    request_key: UUID,
) -> PlanChange:
    """Ask staff for a break beyond the limits; the same `request_key` again asks once.

    Raises NotFound, NoSuchBreak, ChangeUnderWay, InvalidInput, or ReferenceReused.
    """
    why = text("reason", reason, minimum=10, maximum=2000)
    loan = _locked_own_loan(borrower, loan_id)
    if earlier := _earlier(request_key, loan):
        return earlier
    _check_none_open(loan)
    preview = planned(loan, numbers, collect, on)
    change = _ask(loan, borrower, preview, request_key, at=at, reason=why)
    _confirm(change, loan, at)
    return change


@transaction.atomic
def ask_for_easier_terms(
    *, borrower: User, loan_id: int, reason: str, at: datetime, request_key: UUID
) -> PlanChange:
    """Ask staff to look for easier terms, whatever they may be; also when instalments are overdue.

    The same `request_key` again asks once.
    Raises NotFound, IllegalTransition, ChangeUnderWay, InvalidInput, or ReferenceReused.
    """
    why = text("reason", reason, minimum=10, maximum=2000)
    loan = _locked_own_loan(borrower, loan_id, (LoanStatus.ACTIVE, LoanStatus.DEFAULTED))
    kind = ChangeKind.LONGER_TERM
    if earlier := _earlier(request_key, loan, kind):
        return earlier
    _check_none_open(loan)
    change = PlanChange.objects.create(
        loan=loan, kind=kind, request_key=request_key, reason=why, asked_by=borrower, asked_at=at
    )
    _confirm(change, loan, at)
    return change


def planned(loan: Loan, numbers: Collection[int], collect: str, on: date) -> BreakPreview:
    """Work out a break of a loan, whoever decides on it. Raises NoSuchBreak or InvalidInput."""
    chosen: Collect = "end" if one_of("collect", collect, COLLECTS) == "end" else "spread"
    room, wanted = _room(loan, on), sorted(set(numbers))
    possible = {choice.number for choice in room.choices if choice.is_in_time}
    if not room.is_open or not wanted or not set(wanted) <= possible:
        raise NoSuchBreak(field="numbers")
    if len(wanted) > BREAK_MONTHS_WITH_US:
        raise NoSuchBreak(field="numbers")
    parts = open_parts(loan)
    plan = _plan(loan, parts, wanted, chosen)
    months = {part.due_on for part in parts if part.number in wanted}
    limits = list(room.limits)
    if most_in_a_year([*room.taken, *months]) > BREAK_MONTHS_A_YEAR:
        limits.append("months_in_a_year")
    return BreakPreview(plan, effect_of(loan, parts, plan.parts, on), wanted, chosen, limits)


def begin_break(
    change: PlanChange,
    loan: Loan,
    preview: BreakPreview,
    *,
    on: date,
    at: datetime,
    actor_id: int,
) -> None:
    """Put an agreed break of a locked loan in force; what comes before it stays untouched."""
    put_in_force(
        change,
        loan=loan,
        effect=preview.effect,
        after_number=min(preview.numbers) - 1,
        starts_on=preview.plan.starts_on,
        ends_on=preview.plan.resumes_on,
        on=on,
        at=at,
        actor_id=actor_id,
    )


def _plan(loan: Loan, parts: list[PlanPart], numbers: list[int], collect: Collect) -> PlannedBreak:
    return planned_break(
        parts,
        loan.annual_rate,
        numbers,
        collect,
        day_count=loan.day_count,  # type: ignore[arg-type]
    )


def _room(loan: Loan, on: date) -> BreakRoom:
    """The coming instalments, and the limits that stand against any break of this loan."""
    parts, taken = open_parts(loan), _taken(loan)
    is_running = loan.status == LoanStatus.ACTIVE and loan.terminated_on is None
    is_behind = due_by(loan, on)
    paid = loan.instalments.current().filter(paid_on__isnull=False).count()
    limits = []
    if is_behind:
        limits.append("something_due")
    if paid < BREAK_PAID_BEFORE:
        limits.append("too_few_paid")
    if len(taken) >= BREAKS_A_LOAN:
        limits.append("breaks_taken")
    begun = _paid_in_part(loan)
    choices = [
        Choice(part.number, part.due_on, part.total_cents, _is_in_time(part.due_on, on))
        for part in parts
        if part.due_on > on and part.total_cents and part.number not in begun
    ]
    months = [month for change in taken for month in _months(change)]
    is_open = is_running and not is_behind and any(choice.is_in_time for choice in choices)
    return BreakRoom(choices[:BREAK_HORIZON], limits, months, is_open)


def _is_in_time(due_on: date, on: date) -> bool:
    """Whether the debit of that day has not been sent, nor is about to be."""
    return on < business_days_before(payable_on(due_on), BREAK_NOTICE_BANK_DAYS)


def _paid_in_part(loan: Loan) -> set[int]:
    """Instalments on which something was paid; they cannot be moved as a whole."""
    begun = loan.instalments.unpaid().exclude(paid_principal_cents=0, paid_interest_cents=0)
    return set(begun.values_list("number", flat=True))


def _taken(loan: Loan) -> list[PlanChange]:
    """The breaks of this loan that took effect."""
    made = loan.changes.filter(kind=ChangeKind.PAYMENT_BREAK, plan__isnull=False)
    return list(made.order_by("id"))


def _months(change: PlanChange) -> list[date]:
    return [date.fromisoformat(month) for month in change.terms["skipped"]]


def _own_loan(borrower: User, loan_id: int) -> Loan:
    loan = Loan.objects.select_related("request").filter(pk=loan_id, borrower=borrower).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    return loan


def _locked_own_loan(
    borrower: User, loan_id: int, may_be: Collection[LoanStatus] = (LoanStatus.ACTIVE,)
) -> Loan:
    own = Loan.objects.select_for_update(no_key=True).filter(pk=loan_id, borrower=borrower)
    loan = own.first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    if loan.status not in may_be:
        raise IllegalTransition(f"{loan} is {loan.status}")
    return loan


def _check_none_open(loan: Loan) -> None:
    if loan.changes.filter(status__in=CHANGE_OPEN).exists():
        raise ChangeUnderWay


def _earlier(
    request_key: UUID, loan: Loan, kind: ChangeKind = ChangeKind.PAYMENT_BREAK
) -> PlanChange | None:
    """The change that this key already names; one of another loan is refused."""
    earlier = PlanChange.objects.filter(request_key=request_key).first()
    if earlier and (earlier.loan_id, earlier.kind) != (loan.pk, kind):
        raise ReferenceReused(f"change:{request_key}")
    return earlier


def _confirm(change: PlanChange, loan: Loan, at: datetime) -> None:
    """Tell the borrower that the question has arrived."""
    notify(
        person_id=loan.borrower_id,
        kind="change_asked",
        key=f"change_asked:{change.pk}",
        facts=change_facts(change, loan),
        at=at,
    )


def _ask(
    loan: Loan,
    borrower: User,
    preview: BreakPreview,
    request_key: UUID,
    *,
    at: datetime,
    reason: str,
) -> PlanChange:
    skipped = [part for part in preview.effect.before if part.number in preview.numbers]
    return PlanChange.objects.create(
        loan=loan,
        kind=ChangeKind.PAYMENT_BREAK,
        request_key=request_key,
        terms={
            "numbers": preview.numbers,
            "skipped": [part.due_on.isoformat() for part in skipped],
            "collect": preview.collect,
        },
        figures=preview.effect.figures(),
        reason=reason,
        asked_by=borrower,
        asked_at=at,
    )
