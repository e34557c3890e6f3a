"""Loans as their borrower sees them, and what borrower and lenders of a loan see alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce

from accounts.models import User
from core.errors import NotFound
from lending.domain import due_dates
from lending.models import Holding, Instalment, Loan, LoanEvent
from lending.selectors.charges import OWING, costs_owed_cents, default_interest_owed_cents

_CURRENT = Q(instalments__superseded_on__isnull=True)
_UNPAID = _CURRENT & Q(instalments__paid_on__isnull=True)
_PAID = _CURRENT & Q(instalments__paid_on__isnull=False)


@dataclass(frozen=True)
class NextPayment:
    """What a borrower has to pay next, on the loan that falls due first.

    Attributes:
        due_on, payable_on: the due date, and the banking day on which it can be paid.
        amount_cents: what is still open of that instalment.
        overdue_cents: everything of the loan that is late, this instalment included when it is,
            with default interest and costs.
    """

    loan: Loan
    number: int
    due_on: date
    payable_on: date
    amount_cents: int
    overdue_cents: int
    days_past_due: int


def loans_of(user: User) -> QuerySet[Loan]:
    """A borrower's loans, newest first, each with the figures of its plan.

    `open_cents` is all that is still to be paid, `paid_cents` all that was; `next_due_on` is the
    due date of the oldest instalment not fully paid (None when all are), `last_due_on` the last;
    `paid_count` counts the instalments paid in full, `planned_count` all of them.
    """
    planned = Sum(
        F("instalments__principal_cents") + F("instalments__interest_cents"), filter=_CURRENT
    )
    paid = Sum(F("instalments__paid_principal_cents") + F("instalments__paid_interest_cents"))
    return (
        Loan.objects.filter(borrower=user)
        .select_related("request")
        .annotate(
            total_cents=Coalesce(planned, 0),
            paid_cents=Coalesce(paid, 0),
            open_cents=F("total_cents") - F("paid_cents"),
            next_due_on=Min("instalments__due_on", filter=_UNPAID),
            last_due_on=Max("instalments__due_on", filter=_CURRENT),
            paid_count=Count("instalments", filter=_PAID),
            planned_count=Count("instalments", filter=_CURRENT),
        )
        .order_by("-disbursed_on", "-id")
    )


def loan_of_borrower(user: User, loan_id: int) -> Loan:
    """One loan of this borrower with its figures; NotFound for anyone else's."""
    loan = loans_of(user).filter(pk=loan_id).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    return loan


def schedule_of(user: User, loan_id: int) -> QuerySet[Instalment]:
    """The instalments in force in order, with `balance_cents`: the principal left after each.

    For the borrower, the lenders and staff; NotFound for a stranger.
    """
    loan = _seen_by(user, loan_id)
    repaid = Window(Sum("principal_cents"), order_by="number")
    return (
        Instalment.objects.current()
        .filter(loan=loan)
        .annotate(balance_cents=loan.principal_cents - repaid)
        .order_by("number")
    )


def next_payment(user: User, on: date) -> NextPayment | None:
    """The oldest instalment that this borrower still owes, over all loans; None without one."""
    unpaid = Instalment.objects.unpaid().filter(loan__borrower=user, loan__status__in=OWING)
    oldest = unpaid.select_related("loan").order_by("due_on", "id").first()
    if oldest is None:
        return None
    of_loan = unpaid.filter(loan=oldest.loan, due_on__lt=on)
    late = [row for row in of_loan if due_dates.days_past_due(row.due_on, on)]
    return NextPayment(
        loan=oldest.loan,
        number=oldest.number,
        due_on=oldest.due_on,
        payable_on=due_dates.payable_on(oldest.due_on),
        amount_cents=oldest.open_cents,
        overdue_cents=_overdue_cents(oldest.loan, late, on) if late else 0,
        days_past_due=due_dates.days_past_due(oldest.due_on, on),
    )


def _overdue_cents(loan: Loan, late: Iterable[Instalment], on: date) -> int:
    charges = default_interest_owed_cents(loan, on) + costs_owed_cents(loan)
    return charges + sum(row.open_cents for row in late)


def timeline_of(user: User, loan_id: int) -> QuerySet[LoanEvent]:
    """What happened on a loan, newest first; for its borrower, its lenders and staff."""
    return LoanEvent.objects.filter(loan=_seen_by(user, loan_id)).order_by("-on", "-id")


def _seen_by(user: User, loan_id: int) -> Loan:
    """The loan, for its borrower, its lenders and staff; NotFound for a stranger."""
    loans = Loan.objects.all()
    if not user.is_staff:
        held = Holding.objects.filter(loan=OuterRef("pk"), lender=user)
        loans = loans.filter(Q(borrower=user) | Exists(held))
    loan = loans.filter(pk=loan_id).first()
    if loan is None:
        raise NotFound(f"loan {loan_id}")
    return loan
