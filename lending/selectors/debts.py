"""What a borrower owes on a loan, split as the law splits a payment: costs, amount, interest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lending.domain import due_dates
from lending.models import Instalment, Loan
from lending.selectors.charges import costs_owed_cents, default_interest_owed_cents


@dataclass(frozen=True)
class Debt:
    """What is due on a loan today and not paid.

    Attributes:
        costs_cents: costs of legal pursuit laid out and not yet paid back.
        instalments: those that are due and not fully paid, oldest first.
        default_interest_cents: interest that arose after default, on an account of its own.
    """

    costs_cents: int
    instalments: list[Instalment]
    default_interest_cents: int

    @property
    def principal_cents(self) -> int:
        """Principal of what is due."""
        return sum(row.principal_cents - row.paid_principal_cents for row in self.instalments)

    @property
    def interest_cents(self) -> int:
        """Contract interest of what is due."""
        return sum(row.interest_cents - row.paid_interest_cents for row in self.instalments)

    @property
    def overdue_cents(self) -> int:
        """Instalments with their contract interest."""
        return self.principal_cents + self.interest_cents

    @property
    def total_cents(self) -> int:
        """All of it."""
        return self.costs_cents + self.overdue_cents + self.default_interest_cents


def debt_of(loan: Loan, on: date) -> Debt:
    """What is due on a loan on `on`; of a loan called due that is the whole of it."""
    unpaid = loan.instalments.unpaid().order_by("number")
    if loan.terminated_on is None:
        unpaid = unpaid.filter(due_on__lte=on)
    return Debt(
        costs_cents=costs_owed_cents(loan),
        instalments=list(unpaid),
        default_interest_cents=default_interest_owed_cents(loan, on),
    )


def late_of(loan: Loan, on: date) -> list[Instalment]:
    """The instalments that could have been paid before `on` and were not, oldest first."""
    unpaid = loan.instalments.unpaid().filter(due_on__lt=on).order_by("number")
    return [row for row in unpaid if due_dates.days_past_due(row.due_on, on)]
