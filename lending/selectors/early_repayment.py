"""What repaying a loan early takes on one day, and which plan would follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

from django.db.models import Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from core.dates import add_months
from lending.choices import FirstPeriod as FirstPeriodChoice
from lending.domain.amortization import FirstPeriod, level_schedule, schedule_on, usual_cents
from lending.domain.amortization import Instalment as Planned
from lending.domain.early_payoff import (
    Coming,
    Interest,
    compensation_cap_cents,
    fee_refund_cents,
    interest_on,
)
from lending.errors import CannotRepayEarly, TooLittleForEarly
from lending.models import Loan
from lending.selectors.charges import OWING, Payable, payable
from lending.selectors.loans import loan_of_borrower

Keep = Literal["instalment", "term"]
"""What a part repayment keeps: the instalment, for a shorter term, or the term."""
KEEPS: Final[tuple[Keep, ...]] = get_args(Keep)


@dataclass(frozen=True)
class Payoff:
    """A quote for one day; it holds on that day and no longer.

    Attributes:
        due: what has to be paid anyway by that day.
        principal_cents: principal that is not yet due.
        interest: contract interest to the day, and what is saved.
        fee_refund_cents: of the loan's fee, when all of it is repaid.
        compensation_cents: none is charged; `cap_cents` is what the law would allow.
    """

    loan: Loan
    on: date
    due: Payable
    coming: Sequence[Coming]
    principal_cents: int
    interest: Interest
    fee_refund_cents: int
    cap_cents: int
    compensation_cents: int = 0

    @property
    def valid_until(self) -> date:
        """The last day on which it holds."""
        return self.on

    @property
    def total_cents(self) -> int:
        """What ends the loan on that day."""
        owed = self.due.total_cents + self.principal_cents + self.interest.to_the_day_cents
        return owed + self.compensation_cents - self.fee_refund_cents

    @property
    def least_cents(self) -> int:
        """The smallest amount that reaches principal not yet due."""
        return self.due.total_cents + self.interest.to_the_day_cents + 1


@dataclass(frozen=True)
class PartPayoff:
    """A part repayment worked out: where the amount goes, and the plan after it."""

    payoff: Payoff
    amount_cents: int
    keep: Keep
    principal_cents: int
    fee_refund_cents: int
    plan: Sequence[Planned]

    @property
    def instalment_cents(self) -> int:
        """The usual payment after it."""
        return usual_cents(self.plan)

    @property
    def ends_on(self) -> date:
        """The last due date after it."""
        return self.plan[-1].due_on

    @property
    def saved_cents(self) -> int:
        """Interest that need not be paid any more."""
        planned = sum(part.interest_cents for part in self.payoff.coming)
        left = sum(part.interest_cents for part in self.plan)
        return planned - self.payoff.interest.to_the_day_cents - left


def payoff_quote(*, borrower: User, loan_id: int, on: date) -> Payoff:
    """What ends this borrower's loan on a day. Raises NotFound or CannotRepayEarly."""
    return payoff_of(loan_of_borrower(borrower, loan_id), on)


def part_quote(
    *, borrower: User, loan_id: int, amount_cents: int, keep: Keep, on: date
) -> PartPayoff:
    """Work out a part repayment of this borrower's loan on a day.

    Raises NotFound, CannotRepayEarly, or TooLittleForEarly.
    """
    payoff = payoff_quote(borrower=borrower, loan_id=loan_id, on=on)
    return part_of(payoff, amount_cents, keep)


def payoff_of(loan: Loan, on: date) -> Payoff:
    """What ends a loan on a day. Raises CannotRepayEarly where nothing is left to repay early."""
    rows = list(loan.instalments.unpaid().filter(due_on__gt=on).order_by("due_on", "number"))
    is_ended = loan.status not in OWING or loan.terminated_on or loan.withdrawn_on
    if is_ended or not rows or on < loan.disbursed_on:
        raise CannotRepayEarly(f"{loan} on {on}")
    coming = [
        Coming(
            row.due_on,
            row.principal_cents - row.paid_principal_cents,
            row.interest_cents - row.paid_interest_cents,
        )
        for row in rows
    ]
    principal = sum(part.principal_cents for part in coming)
    interest = interest_to_the_day(loan, coming, on)
    return Payoff(
        loan=loan,
        on=on,
        due=payable(loan, on),
        coming=coming,
        principal_cents=principal,
        interest=interest,
        fee_refund_cents=_fee_refund(loan, on, principal),
        cap_cents=compensation_cap_cents(
            principal, interest.saved_cents, on=on, ends_on=coming[-1].due_on
        ),
    )


def interest_to_the_day(loan: Loan, coming: Sequence[Coming], on: date) -> Interest:
    """What coming instalments of a loan have borne by a day, and what would fall away."""
    rules = _rules(loan, "interest_rounding")
    return interest_on(coming, loan.annual_rate, since=_since(loan, on), on=on, **rules)


def part_of(payoff: Payoff, amount_cents: int, keep: Keep) -> PartPayoff:
    """Where an amount short of the whole goes: what is due, interest to the day, principal."""
    if amount_cents < payoff.least_cents:
        raise TooLittleForEarly(field="amount", least_cents=payoff.least_cents)
    principal = amount_cents - payoff.least_cents + 1
    loan = payoff.loan
    amounts = [part.principal_cents + part.interest_cents for part in payoff.coming]
    first_period = _first_period(payoff)
    usual = max(amounts[1:] if first_period == "stub" else amounts)
    plan = schedule_on(
        payoff.principal_cents - principal,
        loan.annual_rate,
        [part.due_on for part in payoff.coming],
        from_on=payoff.on,
        payment_cents=usual if keep == "instalment" else None,
        first_period=first_period,
        instalment_rounding=loan.instalment_rounding,  # type: ignore[arg-type]
        **_rules(loan, "interest_rounding"),
    )
    return PartPayoff(
        payoff=payoff,
        amount_cents=amount_cents,
        keep=keep,
        principal_cents=principal,
        fee_refund_cents=_fee_refund(loan, payoff.on, principal),
        plan=plan,
    )


def _first_period(payoff: Payoff) -> FirstPeriod:
    """How the next instalment is paid: apart from the others while it bears odd days of its own."""
    loan, coming = payoff.loan, payoff.coming
    bears_odd_days = (
        loan.first_period == FirstPeriodChoice.STUB
        and len(coming) > 2
        and coming[0].due_on == loan.first_due_on
        and payoff.on < add_months(loan.first_due_on, -1)
    )
    return "stub" if bears_odd_days else "equal"


def _rules(loan: Loan, *names: str) -> dict[str, Any]:
    """The rules of arithmetic that are stored with a loan."""
    return {name: getattr(loan, name) for name in ("day_count", *names)}


def _since(loan: Loan, on: date) -> date:
    """The first day of the period that runs on a day, interest before it being planned or paid."""
    begun = loan.instalments.current().exclude(due_on__gt=on, paid_on__isnull=True)
    dates = begun.order_by("-due_on").values_list("due_on", flat=True)
    return dates.first() or loan.disbursed_on


def _fee_refund(loan: Loan, on: date, principal_cents: int) -> int:
    """What a repayment of principal frees of the fee, by the plan with which the loan began."""
    plan = level_schedule(
        loan.principal_cents,
        loan.annual_rate,
        loan.term_months,
        loan.first_due_on,
        disbursed_on=loan.disbursed_on,
        first_period=FirstPeriodChoice(loan.first_period).rule,
        instalment_rounding=loan.instalment_rounding,  # type: ignore[arg-type]
        **_rules(loan, "interest_rounding"),
    )
    refund = fee_refund_cents(
        loan.fee_cents,
        began_on=loan.disbursed_on,
        ends_on=plan[-1].due_on,
        on=on,
        repaid_cents=principal_cents,
        planned_cents=sum(part.principal_cents for part in plan if part.due_on > on),
    )
    given_back = loan.repayments.filter(reversed_on__isnull=True).aggregate(
        cents=Coalesce(Sum("fee_refund_cents"), 0)
    )
    return min(refund, max(loan.fee_cents - int(given_back["cents"]), 0))
