"""Easier terms worked out: the plan that they would make of what is still owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import Max, Q

from core.dates import add_months
from core.errors import IllegalTransition
from core.inputs import given, within
from lending.choices import LONGEST_EASED_MONTHS, FirstPeriod
from lending.domain.breaks import PlanPart
from lending.domain.eased_terms import eased_plan
from lending.errors import NotEased
from lending.models import ChangeKind, Loan
from lending.selectors.changes import open_parts
from lending.services.plan_changes import Effect, effect_of
from lending.states import LoanStatus

MAY_BE_EASED = (LoanStatus.ACTIVE, LoanStatus.DEFAULTED)


@dataclass(frozen=True)
class EasedTerms:
    """What staff offer; the kind of change says which of it has to be given.

    Attributes:
        months: payments of the new plan; None keeps as many as are still to come.
        annual_rate: of the new plan; None keeps the present one.
        waived_cents, waived_interest_cents: principal and overdue interest given up.
    """

    months: int | None = None
    annual_rate: Decimal | None = None
    waived_cents: int = 0
    waived_interest_cents: int = 0

    def stored(self) -> dict[str, Any]:
        """As a change keeps it."""
        rate = None if self.annual_rate is None else str(self.annual_rate)
        return vars(self) | {"annual_rate": rate}

    @classmethod
    def read(cls, terms: Mapping[str, Any]) -> EasedTerms:
        """Read back what a change keeps."""
        rate = terms["annual_rate"]
        return cls(**{**terms, "annual_rate": None if rate is None else Decimal(rate)})


def eased_effect(loan: Loan, kind: ChangeKind, terms: EasedTerms, on: date) -> Effect:
    """Work out what a loan's plan would become, and what that means to both sides.

    Overdue interest and what earlier breaks deferred go into the new plan without bearing any.
    Raises IllegalTransition (nothing left to ease), InvalidInput, or NotEased.
    """
    before = open_parts(loan)
    if loan.status not in MAY_BE_EASED or loan.terminated_on is not None or not before:
        raise IllegalTransition(f"{loan} is {loan.status}")
    coming = [part for part in before if part.due_on > on]
    late = [part for part in before if part.due_on <= on]
    set_apart = sum(part.interest_cents for part in late)
    set_apart += sum(part.deferred_cents for part in coming)
    _check(loan, kind, terms, coming=len(coming), is_late=bool(late), set_apart_cents=set_apart)
    first_due_on = coming[0].due_on if coming else _next_due_day(late, on)
    after = eased_plan(
        loan.outstanding_cents - terms.waived_cents,
        loan.annual_rate if terms.annual_rate is None else terms.annual_rate,
        terms.months or max(len(coming), 1),
        first_due_on,
        deferred_cents=set_apart - terms.waived_interest_cents,
        paid_ahead_cents=_paid_ahead(loan, on),
        first_period=FirstPeriod(loan.first_period).rule,
        since=loan.disbursed_on if first_due_on == loan.first_due_on else None,
        first_number=_first_number(loan),
    )
    return effect_of(loan, before, after, on)


def _check(
    loan: Loan,
    kind: ChangeKind,
    terms: EasedTerms,
    *,
    coming: int,
    is_late: bool,
    set_apart_cents: int,
) -> None:
    """Each kind eases what it is named for, and nothing else than it may."""
    if terms.months is not None:
        within("months", terms.months, max(coming, 1), LONGEST_EASED_MONTHS)
    within("waived_interest_cents", terms.waived_interest_cents, 0, set_apart_cents)
    if kind == ChangeKind.LONGER_TERM:
        is_longer = given("months", terms.months) > coming or is_late
        if not is_longer or terms.annual_rate is not None or terms.waived_cents:
            raise NotEased(field="months")
    elif kind == ChangeKind.LOWER_RATE:
        rate = within("annual_rate", terms.annual_rate, Decimal(0), loan.annual_rate)
        if rate == loan.annual_rate or terms.waived_cents:
            raise NotEased(field="annual_rate")
    elif kind == ChangeKind.WAIVER:
        within("waived_cents", terms.waived_cents, 1, loan.outstanding_cents - 1)
    else:
        raise NotEased(field="kind")
    if terms.waived_interest_cents and kind != ChangeKind.WAIVER:
        raise NotEased(field="waived_interest_cents")


def _next_due_day(late: Sequence[PlanPart], on: date) -> date:
    """The first of the loan's days of payment after `on`."""
    days = (add_months(late[-1].due_on, month) for month in count(1))
    return next(day for day in days if day > on)


def _paid_ahead(loan: Loan, on: date) -> int:
    """Interest of coming instalments that was paid already."""
    rows = loan.instalments.unpaid().filter(due_on__gt=on)
    return sum(max(row.paid_interest_cents - row.deferred_cents, 0) for row in rows)


def _first_number(loan: Loan) -> int:
    """The number after the last instalment on which something was paid."""
    begun = Q(paid_principal_cents__gt=0) | Q(paid_interest_cents__gt=0) | Q(paid_on__isnull=False)
    rows = loan.instalments.current().filter(begun)
    last: int | None = rows.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
