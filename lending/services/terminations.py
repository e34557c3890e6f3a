"""Calling a loan due: all that is outstanding falls due, interest of later periods falls away."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from core.clock import day_of
from core.dates import ONE_DAY
from core.inputs import text
from core.transitions import advance
from lending.domain.arrears_ladder import PAY_CALLED_DAYS
from lending.domain.early_payoff import Coming
from lending.models import (
    ArrearsCase,
    ArrearsProposal,
    DocumentKind,
    Instalment,
    InstalmentKind,
    Loan,
    LoanEventKind,
    PlanReason,
)
from lending.selectors.debts import debt_of
from lending.selectors.early_repayment import interest_to_the_day
from lending.services.arrears_letters import send_letter
from lending.services.arrears_moves import check_staff, locked_case, move_case
from lending.services.default_interest import charge_default_interest
from lending.services.plans import PlannedInstalment, make_plan
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, ArrearsStage, LoanStatus
from notifications.services import Notice, notify, notify_all


def terminate(
    *, case_id: int, proposal: ArrearsProposal, at: datetime, is_seconded: bool
) -> ArrearsCase:
    """Call a loan due, as decided; from tomorrow on the whole of it bears default interest.

    Instalments that were late keep their days, so that they are paid first and their lateness
    goes on counting; the rest of the principal is due today with the interest that it earned
    since the last due date. Raises GuardHolds or IllegalTransition.
    """
    case, on = locked_case(case_id), day_of(at)
    loan = case.loan
    move_case(
        case,
        ArrearsStage.TERMINATED,
        on=on,
        at=at,
        actor_id=proposal.proposed_by_id,
        is_seconded=is_seconded,
        reason=proposal.reason,
    )
    charge_default_interest(loan_id=loan.pk, on=on - ONE_DAY)
    make_plan(
        loan=loan, reason=PlanReason.TERMINATED, instalments=called_plan(loan, on), on=on, at=at
    )
    loan.terminated_on = on
    loan.save(update_fields=["terminated_on"])
    _mark_default(loan, on=on, at=at)
    send_letter(
        case,
        DocumentKind.TERMINATION,
        on=on,
        at=at,
        by_id=proposal.proposed_by_id,
        pay_by=on + timedelta(days=PAY_CALLED_DAYS),
    )
    _tell_lenders(loan, at=at)
    return case


def called_plan(loan: Loan, on: date) -> list[PlannedInstalment]:
    """What is left of a loan that is called due on `on`: what is late as it was, and the rest.

    Interest of months that are still to come falls away (section 501 BGB), also what a break of
    those months would have put off.
    """
    unpaid = list(loan.instalments.unpaid().order_by("due_on", "number"))
    parts = [(row.due_on, *_open_parts(row)) for row in unpaid if row.due_on <= on]
    later = [(row.due_on, *_open_parts(row)) for row in unpaid if row.due_on > on]
    principal, waiting = sum(part[1] for part in later), 0
    interest = interest_to_the_day(loan, [Coming(*part[:3]) for part in later], on)
    if later:
        _, _, planned, deferred = later[0]
        waiting = interest.to_the_day_cents - min(interest.this_period_cents, planned - deferred)
    if principal or interest.to_the_day_cents:
        parts.append((on, principal, interest.to_the_day_cents, max(waiting, 0)))
    first = _first_free_number(loan)
    return [
        PlannedInstalment(first + place, *part, kind=InstalmentKind.CALLED)
        for place, part in enumerate(parts)
    ]


def _open_parts(row: Instalment) -> tuple[int, int, int]:
    """Principal, interest, and deferred interest that are open of an instalment."""
    return (
        row.principal_cents - row.paid_principal_cents,
        row.interest_cents - row.paid_interest_cents,
        max(row.deferred_cents - row.paid_interest_cents, 0),
    )


def _first_free_number(loan: Loan) -> int:
    """The number after those of the instalments that a new plan leaves in force."""
    kept = [
        row.number
        for row in loan.instalments.current()
        if row.paid_on or row.paid_principal_cents or row.paid_interest_cents
    ]
    return max(kept, default=0) + 1


def _mark_default(loan: Loan, *, on: date, at: datetime) -> None:
    """A loan that had to be called due is in default, whatever its days."""
    if loan.status != LoanStatus.ACTIVE:
        return
    advance(loan, LoanStatus.DEFAULTED, table=LOAN_TRANSITIONS, at=at, reason="called due")
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.DEFAULTED,
        on=on,
        key=f"defaulted:{loan.pk}:{on.isoformat()}",
        amount_cents=loan.outstanding_cents,
    )


def _tell_lenders(loan: Loan, *, at: datetime) -> None:
    holders = loan.holdings.filter(outstanding_cents__gt=0).order_by("lender_id")
    notify_all(
        kind="holding_terminated",
        notices=[
            Notice(
                lender_id,
                f"holding_terminated:{loan.pk}:{lender_id}",
                {"loan_id": loan.pk, "number": loan.number, "outstanding_cents": cents},
            )
            for lender_id, cents in holders.values_list("lender_id", "outstanding_cents")
        ],
        at=at,
    )


@transaction.atomic
def hand_to_collection(*, staff: User, case_id: int, agency: str, at: datetime) -> ArrearsCase:
    """Hand a claim that was called due to collection; doing it twice is harmless.

    Raises NotAllowed, NotFound, GuardHolds, IllegalTransition, or InvalidInput.
    """
    check_staff(staff)
    who = text("agency", agency, minimum=2, maximum=120)
    case, on = locked_case(case_id), day_of(at)
    if case.status == ArrearsStage.COLLECTION:
        return case
    move_case(case, ArrearsStage.COLLECTION, on=on, at=at, actor_id=staff.pk, reason=who)
    owed_cents = debt_of(case.loan, on).total_cents
    note_event(
        loan_id=case.loan_id,
        kind=LoanEventKind.COLLECTING,
        on=on,
        key=f"collecting:{case.pk}",
        amount_cents=owed_cents,
    )
    notify(
        person_id=case.loan.borrower_id,
        kind="loan_in_collection",
        key=f"loan_in_collection:{case.pk}",
        facts={"loan_id": case.loan_id, "number": case.loan.number, "owed_cents": owed_cents},
        at=at,
    )
    return case
