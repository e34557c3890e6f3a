"""Easier terms for a loan that its borrower cannot carry: proposed by staff, accepted in text form.

A longer term needs one person; what costs the lenders money needs two. Nothing changes before the
borrower has accepted. A break that the borrower asked for counts as accepted already.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from core import audit
from core.dates import ONE_DAY, add_months
from core.errors import IllegalTransition, NotAllowed, NotFound
from core.inputs import text
from core.transitions import advance, advance_all
from ledger.chart import Role
from ledger.errors import ReferenceReused
from ledger.services import locked_accounts
from lending.choices import FORBORNE_MONTHS, OFFER_DAYS
from lending.errors import ChangeUnderWay, DebitUnderWay, FourEyes
from lending.models import ChangeKind, Holding, Loan, PlanChange, WriteOffKind
from lending.selectors.changes import has_debit_under_way
from lending.services import breaks
from lending.services.arrears_cases import leave_default_of
from lending.services.default_interest import charge_default_interest
from lending.services.easing import EasedTerms, eased_effect
from lending.services.given_up import give_up_principal
from lending.services.plan_changes import Effect, change_facts, put_in_force, stored_effect
from lending.services.servicing import require_serviced
from lending.states import (
    CHANGE_OPEN,
    CHANGE_TRANSITIONS,
    ChangeStatus,
)
from notifications.services import notify


def preview_change(*, staff: User, loan_id: int, kind: str, terms: EasedTerms, on: date) -> Effect:
    """What easier terms would make of a loan's plan. Raises as `propose_change`."""
    _check_staff(staff)
    loan = Loan.objects.select_related("request").filter(pk=loan_id).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    return eased_effect(loan, ChangeKind(kind), terms, on)


def offered_effect(change: PlanChange, on: date) -> Effect | None:
    """What an offer would make of the loan's plan today; what it made of it once it is answered.

    None while a borrower only asked for easier terms.
    """
    if not change.figures:
        return None
    if change.status != ChangeStatus.AGREED:
        return stored_effect(change.figures)
    return eased_effect(change.loan, ChangeKind(change.kind), EasedTerms.read(change.terms), on)


@transaction.atomic
def propose_change(
    *,
    staff: User,
    loan_id: int,
    kind: str,
    terms: EasedTerms,
    reason: str,
    answer: str,
    on: date,
    at: datetime,
    request_key: UUID,
) -> PlanChange:
    """Propose easier terms; the borrower is offered them now, or once a second person approves.

    Answers what the borrower asked for, if anything is open. The same `request_key` again returns
    the proposal that it made.

    Args:
        reason: why, for colleagues and the file.
        answer: what the borrower reads with the offer.
    Raises NotAllowed, NotFound, IllegalTransition, ChangeUnderWay, NotEased, InvalidInput, or
    ReferenceReused.
    """
    _check_staff(staff)
    why, said = (
        text("reason", reason, minimum=10, maximum=2000),
        text("answer", answer, minimum=10, maximum=2000),
    )
    loan = _locked_loan(loan_id)
    if earlier := PlanChange.objects.filter(request_key=request_key).first():
        if earlier.loan_id != loan_id:
            raise ReferenceReused(f"change:{request_key}")
        return earlier
    effect = eased_effect(loan, ChangeKind(kind), terms, on)
    change = _open_ask(loan) or PlanChange(
        loan=loan, request_key=request_key, asked_by=staff, asked_at=at
    )
    asked = f"{change.reason}\n\n{why}" if change.pk else why
    change.kind, change.terms, change.figures = kind, terms.stored(), effect.figures()
    change.reason, change.answer = asked, said
    change.decided_by, change.decided_at = staff, at
    change.save()
    audit.record(change, "proposed", at=at, actor_id=staff.pk, reason=why, data=change.terms)
    if not change.needs_two:
        _offer(change, loan, actor_id=staff.pk, on=on, at=at)
    return change


@transaction.atomic
def approve_change(*, staff: User, change_id: int, on: date, at: datetime) -> PlanChange:
    """Approve a colleague's proposal, so that it is offered to the borrower.

    Raises NotAllowed, NotFound, FourEyes (one's own), or IllegalTransition.
    """
    _check_staff(staff)
    change, loan = _locked_change(change_id)
    if change.approved_by_id == staff.pk and change.status != ChangeStatus.REFUSED:
        return change
    if change.decided_by_id is None or change.status != ChangeStatus.ASKED:
        raise IllegalTransition(f"change {change_id} is {change.status}")
    if change.decided_by_id == staff.pk:
        raise FourEyes
    change.approved_by, change.approved_at = staff, at
    change.save(update_fields=["approved_by", "approved_at"])
    _offer(change, loan, actor_id=staff.pk, on=on, at=at)
    return change


@transaction.atomic
def agree_to_break(
    *, staff: User, change_id: int, answer: str, on: date, at: datetime
) -> PlanChange:
    """Agree to the break that a borrower asked for; it holds at once.

    Raises NotAllowed, NotFound, IllegalTransition, NoSuchBreak (there is no time left), or
    InvalidInput.
    """
    _check_staff(staff)
    said = text("answer", answer, minimum=0, maximum=2000)
    require_serviced(loan_id=_loan_of(change_id), on=on, at=at)
    change, loan = _locked_change(change_id)
    if change.status == ChangeStatus.IN_FORCE and change.decided_by_id == staff.pk:
        return change
    is_asked = change.status == ChangeStatus.ASKED and change.decided_by_id is None
    if change.kind != ChangeKind.PAYMENT_BREAK or not is_asked:
        raise IllegalTransition(f"change {change_id} is {change.status}")
    preview = breaks.planned(loan, change.terms["numbers"], change.terms["collect"], on)
    advance(
        change,
        ChangeStatus.AGREED,
        table=CHANGE_TRANSITIONS,
        at=at,
        actor_id=staff.pk,
        answer=said,
        decided_by=staff,
        decided_at=at,
    )
    breaks.begin_break(change, loan, preview, on=on, at=at, actor_id=staff.pk)
    _flag(loan, on)
    return change


@transaction.atomic
def refuse_change(*, staff: User, change_id: int, answer: str, at: datetime) -> PlanChange:
    """Refuse what a borrower asked for, or what a colleague proposed, with reasons.

    Raises NotAllowed, NotFound, IllegalTransition, or InvalidInput.
    """
    _check_staff(staff)
    said = text("answer", answer, minimum=10, maximum=2000)
    change, loan = _locked_change(change_id)
    if change.status == ChangeStatus.REFUSED:
        return change
    is_ours = change.asked_by_id != loan.borrower_id
    decided: dict[str, Any] = (
        {} if change.decided_by_id else {"decided_by": staff, "decided_at": at}
    )
    advance(
        change,
        ChangeStatus.REFUSED,
        table=CHANGE_TRANSITIONS,
        at=at,
        actor_id=staff.pk,
        reason=said,
        answer=said,
        **decided,
    )
    if not is_ours:
        _tell(change, loan, "change_refused", {"answer": said}, at=at)
    return change


@transaction.atomic
def accept_change(
    *, borrower: User, change_id: int, on: date, at: datetime, seal: str = ""
) -> PlanChange:
    """Accept offered terms: the new plan holds at once. Accepting twice is harmless.

    Overdue instalments become part of the new plan, so the loan is late no more; a loan in default
    runs again. Default interest up to then stays owed. The loan bears the flag of forbearance for
    FORBORNE_MONTHS.
    Raises NotFound, IllegalTransition, DebitUnderWay, LoanSetAside, or StaleState (`seal` names
    other figures).
    """
    kind, loan_id = _own_change(borrower, change_id)
    accounts = _accounts_of(loan_id) if kind == ChangeKind.WAIVER else {}
    require_serviced(loan_id=loan_id, on=on, at=at)
    charge_default_interest(loan_id=loan_id, on=on - ONE_DAY)
    change, loan = _locked_change(change_id)
    if change.status == ChangeStatus.IN_FORCE:
        return change
    if change.status != ChangeStatus.AGREED or not _is_open(change, on):
        raise IllegalTransition(f"change {change_id} is {change.status}")
    if has_debit_under_way(loan):
        raise DebitUnderWay
    terms = EasedTerms.read(change.terms)
    effect = eased_effect(loan, ChangeKind(change.kind), terms, on)
    effect.check_seal(seal)
    if terms.waived_cents:
        change.write_off = give_up_principal(
            loan,
            terms.waived_cents,
            WriteOffKind.WAIVED,
            accounts,
            reference=f"waiver:{change.pk}",
            reason=change.reason,
            decided_by=change.decided_by,
            on=on,
            at=at,
        )
        change.save(update_fields=["write_off"])
    if terms.annual_rate is not None:
        loan.annual_rate = terms.annual_rate
        loan.save(update_fields=["annual_rate"])
    put_in_force(
        change,
        loan=loan,
        effect=effect,
        after_number=0,
        starts_on=on,
        ends_on=add_months(on, FORBORNE_MONTHS),
        on=on,
        at=at,
        actor_id=borrower.pk,
    )
    _flag(loan, on)
    leave_default_of(loan_id, on=on, at=at)
    return change


@transaction.atomic
def decline_offer(*, borrower: User, change_id: int, at: datetime) -> PlanChange:
    """Say no to offered terms; the present plan holds. Raises NotFound or IllegalTransition."""
    _own_change(borrower, change_id)
    change, _ = _locked_change(change_id)
    if change.status == ChangeStatus.AGREED:
        advance(
            change,
            ChangeStatus.REFUSED,
            table=CHANGE_TRANSITIONS,
            at=at,
            actor_id=borrower.pk,
            reason="the borrower said no",
        )
    elif change.status != ChangeStatus.REFUSED:
        raise IllegalTransition(f"change {change_id} is {change.status}")
    return change


def end_changes(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: offers without an answer lapse, breaks and times of forbearance end."""
    running = PlanChange.objects.filter(status=ChangeStatus.IN_FORCE, ends_on__lte=on)
    offers = PlanChange.objects.filter(status=ChangeStatus.AGREED, offer_until__lt=on)
    return {"ended": _end(running, at), "lapsed": _end(offers, at)}


@transaction.atomic
def _end(rows: QuerySet[PlanChange], at: datetime) -> int:
    found = list(rows.select_for_update(no_key=True).order_by("id"))
    advance_all(found, ChangeStatus.EXPIRED, table=CHANGE_TRANSITIONS, at=at)
    return len(found)


def _offer(change: PlanChange, loan: Loan, *, actor_id: int, on: date, at: datetime) -> None:
    """Let the borrower decide, for OFFER_DAYS."""
    advance(
        change,
        ChangeStatus.AGREED,
        table=CHANGE_TRANSITIONS,
        at=at,
        actor_id=actor_id,
        offer_until=on + timedelta(days=OFFER_DAYS),
    )
    effect = stored_effect(change.figures)
    facts: dict[str, object] = {
        "answer": change.answer,
        "offer_until_on": change.offer_until,
        "instalment_cents": effect.instalment_after_cents,
        "last_after_on": effect.ends_after_on,
    }
    _tell(change, loan, "change_offered", facts, at=at)


def _tell(
    change: PlanChange, loan: Loan, kind: str, facts: dict[str, object], *, at: datetime
) -> None:
    notify(
        person_id=loan.borrower_id,
        kind=kind,
        key=f"{kind}:{change.pk}",
        facts=change_facts(change, loan) | facts,
        at=at,
    )


def _flag(loan: Loan, on: date) -> None:
    loan.forborne_until = add_months(on, FORBORNE_MONTHS)
    loan.save(update_fields=["forborne_until"])


def _is_open(change: PlanChange, on: date) -> bool:
    return change.offer_until is not None and on <= change.offer_until


def _check_staff(staff: User) -> None:
    if not (staff.is_staff and staff.is_active):
        raise NotAllowed("only staff ease terms")


def _own_change(borrower: User, change_id: int) -> tuple[str, int]:
    own = PlanChange.objects.filter(pk=change_id, loan__borrower=borrower)
    found = own.values_list("kind", "loan_id").first()
    if found is None:
        raise NotFound(f"change {change_id}")
    return found


def _accounts_of(loan_id: int) -> dict[Role, dict[int, int]]:
    """The accounts that a waiver touches, locked before the loan."""
    lenders = Holding.objects.filter(loan=loan_id).values_list("lender_id", flat=True)
    return locked_accounts({Role.INVESTED: list(lenders), Role.PRINCIPAL: [loan_id]})


def _locked_loan(loan_id: int) -> Loan:
    loan = Loan.objects.select_for_update(no_key=True).filter(pk=loan_id).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    return loan


def _loan_of(change_id: int) -> int:
    loan_id = PlanChange.objects.filter(pk=change_id).values_list("loan_id", flat=True).first()
    if loan_id is None:
        raise NotFound(f"change {change_id}")
    return loan_id


def _locked_change(change_id: int) -> tuple[PlanChange, Loan]:
    """A change and its loan, the loan locked first."""
    loan = _locked_loan(_loan_of(change_id))
    return PlanChange.objects.select_for_update(no_key=True).get(pk=change_id), loan


def _open_ask(loan: Loan) -> PlanChange | None:
    """What the borrower asked for and nobody has answered; refused while an offer is open."""
    row = loan.changes.select_for_update(no_key=True).filter(status__in=CHANGE_OPEN).first()
    if row is not None and row.decided_by_id is not None:
        raise ChangeUnderWay
    return row
