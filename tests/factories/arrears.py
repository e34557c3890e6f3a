"""Loans in arrears at every rung, reached by the house's own services day by day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

from accounts.models import User
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_id, post_entry
from lending.domain.notices import notice_until
from lending.models import ArrearsCase, ArrearsProposal, Loan
from lending.services import (
    arrears,
    arrears_cases,
    arrears_contacts,
    arrears_decisions,
    terminations,
)
from tests.factories import loans, people

REASON = "Nobody answers, and nothing came in."


def live(first: date, last: date, *of: Loan) -> list[tuple[date, str]]:
    """Close the days between, both included, for these loans or for all; what the ladder did."""
    did, on = [], first
    ids = [loan.pk for loan in of] or None
    while on <= last:
        at = loans.noon(on)
        arrears.age_loans(on=on, at=at, loan_ids=ids)
        did += [(on, step) for step in arrears_cases.walk(on=on, at=at, loan_ids=ids)]
        arrears_cases.leave_default(on=on, at=at, loan_ids=ids)
        on += timedelta(days=1)
    return did


def reminded(loan: Loan, *, missed: int) -> tuple[ArrearsCase, date]:
    """A case after two reminders on the day after the `missed`-th instalment was missed."""
    first = loan.instalments.unpaid().order_by("number").first()
    last = loan.instalments.unpaid().order_by("number")[missed - 1]
    assert first is not None
    for days in (3, 8, 18, 23):
        day = first.due_on + timedelta(days=days)
        live(day, day, loan)
    on = max(last.due_on + timedelta(days=4), first.due_on + timedelta(days=27))
    live(on, on, loan)
    return ArrearsCase.objects.select_related("loan").get(loan=loan, closed_on=None), on


def noticed(loan: Loan, staff: User, *, missed: int) -> tuple[ArrearsCase, date]:
    """A case with its final notice; the first day after the notice has run out."""
    case, on = reminded(loan, missed=missed)
    at = loans.noon(on)
    arrears_contacts.record_offer(
        staff=staff,
        case_id=case.pk,
        offer="A year longer, and a lower instalment.",
        answer="declined",
        at=at,
    )
    given = arrears_cases.give_final_notice(staff=staff, case_id=case.pk, at=at)
    return given, notice_until(on) + timedelta(days=1)


def decide(
    case: ArrearsCase, act: str, staff: list[User], *, at: datetime, **terms: object
) -> ArrearsProposal:
    """Let one person propose an act and, where needed, the other approve it."""
    proposal = arrears_decisions.propose(
        staff=staff[0], case_id=case.pk, act=act, reason=REASON, terms=terms, at=at
    )
    if proposal.decided_at is None:
        arrears_decisions.approve(staff=staff[1], proposal_id=proposal.pk, at=at)
    case.refresh_from_db()
    case.loan.refresh_from_db()
    return proposal


def terminated(loan: Loan, staff: list[User], *, missed: int = 4) -> tuple[ArrearsCase, date]:
    """A loan called due, and the day of it."""
    case, on = noticed(loan, staff[0], missed=missed)
    decide(case, "terminate", staff, at=loans.noon(on))
    return case, on


def in_collection(loan: Loan, staff: list[User], *, missed: int = 4) -> tuple[ArrearsCase, date]:
    """A claim in collection, and the first day on which it may be written off."""
    case, called_on = terminated(loan, staff, missed=missed)
    on = called_on + timedelta(days=14)
    terminations.hand_to_collection(
        staff=staff[0], case_id=case.pk, agency="Muster Inkasso", at=loans.noon(on)
    )
    case.refresh_from_db()
    return case, on + timedelta(days=30)


def two_staff() -> list[User]:
    """Two members of staff, since these decisions need two."""
    return [people.staff(), people.staff()]


def give_capital(cents: int, on: date) -> None:
    """Book money of the operator as a confirmed payment of it is booked."""
    provider, clearing = account_id(Role.PROVIDER), account_id(Role.CLEARING_IN)
    post_entry(
        reference=f"capital:{uuid4()}",
        kind=EntryKind.CAPITAL,
        effective_on=on,
        at=loans.noon(on),
        moves=[
            Move(provider, clearing, cents),
            Move(clearing, account_id(Role.CAPITAL), cents),
        ],
    )
