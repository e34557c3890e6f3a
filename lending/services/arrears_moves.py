"""How a case of arrears moves: one edge, its guard, its date, its audit row."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from core.errors import NotAllowed, NotFound
from core.transitions import advance
from lending.domain.arrears_ladder import missing
from lending.errors import GuardHolds
from lending.models import ArrearsCase, Loan
from lending.selectors.arrears import standing_of
from lending.states import ARREARS_ENDED, ARREARS_TRANSITIONS, ArrearsStage


def move_case(
    case: ArrearsCase,
    to: ArrearsStage,
    *,
    on: date,
    at: datetime,
    actor_id: int | None = None,
    is_seconded: bool = False,
    reason: str = "",
    **fields: object,
) -> None:
    """Take a case to its next stage if nothing is missing for it; the loan is locked.

    Raises IllegalTransition (no such edge), GuardHolds (its facts name what is missing) or
    StaleState.
    """
    standing = standing_of(case, on, is_seconded=is_seconded)
    lacking = missing(case.status, to, standing)
    if to in ARREARS_TRANSITIONS.get(case.status, frozenset()) and lacking:
        raise GuardHolds(", ".join(lacking), missing=", ".join(lacking))
    if to in ARREARS_ENDED:
        fields["closed_on"] = on
    advance(
        case,
        to,
        table=ARREARS_TRANSITIONS,
        at=at,
        actor_id=actor_id,
        reason=reason,
        data={
            "days_past_due": standing.days_past_due,
            "overdue_cents": standing.overdue_cents,
            "owed_cents": standing.owed_cents,
        },
        stage_since=on,
        **fields,
    )


def locked_case(case_id: int) -> ArrearsCase:
    """A case with its loan and borrower, the loan locked; raises NotFound."""
    loan_id = ArrearsCase.objects.filter(pk=case_id).values_list("loan_id", flat=True).first()
    if loan_id is None:
        raise NotFound(f"case {case_id}")
    loan = locked_loan(loan_id)
    case = ArrearsCase.objects.get(pk=case_id)
    case.loan = loan
    return case


def locked_loan(loan_id: int) -> Loan:
    """A loan with its borrower, locked."""
    loans = Loan.objects.select_for_update(of=("self",), no_key=True)
    loan = loans.select_related("borrower").filter(pk=loan_id).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    return loan


def check_staff(person: User) -> None:
    """Refuse whoever is not at work here."""
    if not (person.is_staff and person.is_active):
        raise NotAllowed("only staff work on arrears")
