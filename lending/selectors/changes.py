"""Changes of terms, as borrowers, lenders and staff see them."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from core.errors import NotFound
from lending.domain.breaks import PlanPart
from lending.models import ChangeKind, Loan, LoanEvent, LoanEventKind, PlanChange
from lending.selectors.loans import schedule_of
from lending.states import CHANGE_OPEN, ChangeStatus

_SHOWN = (ChangeStatus.IN_FORCE, ChangeStatus.EXPIRED)


def open_parts(loan: Loan) -> list[PlanPart]:
    """What is open of the plan in force, in order.

    Interest that was paid on an instalment counts as the deferred part of it first.
    """
    return [
        PlanPart(
            row.number,
            row.due_on,
            row.principal_cents - row.paid_principal_cents,
            row.interest_cents - row.paid_interest_cents,
            max(row.deferred_cents - row.paid_interest_cents, 0),
        )
        for row in loan.instalments.unpaid().order_by("number")
    ]


def changes_of(user: User, loan_id: int) -> QuerySet[PlanChange]:
    """The changes of a loan that took effect, newest first; for all who may see its plan."""
    schedule_of(user, loan_id)
    made = PlanChange.objects.filter(loan=loan_id, plan__isnull=False, status__in=_SHOWN)
    return made.select_related("loan").order_by("-id")


def open_change_of(user: User, loan_id: int) -> PlanChange | None:
    """The change of this borrower's loan that waits for an answer, ours or theirs."""
    rows = PlanChange.objects.filter(loan=loan_id, loan__borrower=user, status__in=CHANGE_OPEN)
    return rows.select_related("loan").first()


def offers_to(user: User) -> QuerySet[PlanChange]:
    """Easier terms that this borrower may accept."""
    rows = PlanChange.objects.filter(loan__borrower=user, status=ChangeStatus.AGREED)
    return rows.select_related("loan").order_by("id")


def change_of_borrower(user: User, change_id: int) -> PlanChange:
    """One change of a loan of this borrower; NotFound for anyone else's."""
    rows = PlanChange.objects.filter(pk=change_id, loan__borrower=user)
    found = rows.select_related("loan", "loan__request").first()
    if found is None:
        raise NotFound(f"change {change_id}")
    return found


def running_break(loan: Loan) -> PlanChange | None:
    """The agreed break of a loan that has begun or is to come; None when there is none."""
    rows = loan.changes.filter(kind=ChangeKind.PAYMENT_BREAK, status=ChangeStatus.IN_FORCE)
    return rows.order_by("-id").first()


def forbearance_attempts(loan: Loan) -> QuerySet[PlanChange]:
    """Every attempt to find a way with the borrower before anything is enforced, oldest first.

    An attempt is an offer of ours or a reasoned refusal: it has someone who decided. What was only
    asked for, or taken by the borrower alone, is none.
    """
    return loan.changes.filter(decided_by__isnull=False).order_by("id")


def has_debit_under_way(loan: Loan) -> bool:
    """Whether the bank was asked for an unpaid instalment and has not answered, by the timeline."""
    unpaid = list(loan.instalments.unpaid().values_list("number", flat=True))
    rows = LoanEvent.objects.filter(loan=loan, instalment_number__in=unpaid)
    keys = set(
        rows.filter(kind__in=[LoanEventKind.TRIED, LoanEventKind.RETURNED]).values_list(
            "key", flat=True
        )
    )
    tried = {key.partition(":")[2] for key in keys if key.startswith(f"{LoanEventKind.TRIED}:")}
    returned = {f"{LoanEventKind.RETURNED}:{name}" for name in tried}
    return not returned <= keys


def due_by(loan: Loan, on: date) -> bool:
    """Whether an instalment that is due on `on` or before is not fully paid."""
    return loan.instalments.unpaid().filter(due_on__lte=on).exists()


def waiting_changes() -> int:
    """Changes that wait for staff."""
    return PlanChange.objects.filter(status=ChangeStatus.ASKED).count()
