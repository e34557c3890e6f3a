"""A borrower's own arrears: what is late, what comes next and when, which letters there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import User
from lending.domain.arrears_ladder import (
    BETWEEN_LETTERS_DAYS,
    PAY_CALLED_DAYS,
    REMINDER_1_FROM_DAYS,
    REMINDER_2_FROM_DAYS,
)
from lending.domain.due_dates import payable_on
from lending.models import ArrearsCase
from lending.selectors.arrears import case_of_borrower, standing_of
from lending.selectors.debts import Debt, debt_of
from lending.states import ArrearsStage


@dataclass(frozen=True)
class Trouble:
    """One open case as its borrower sees it.

    Attributes:
        next_on: the day on which the next step may follow; None where people decide.
        promised_on: the day until which a promise to pay holds everything up.
    """

    case: ArrearsCase
    debt: Debt
    days_past_due: int
    next_on: date | None
    promised_on: date | None


def trouble_of(user: User, loan_id: int, on: date) -> Trouble | None:
    """What is late on a borrower's own loan; None when nothing is. NotFound for a stranger."""
    case = case_of_borrower(user, loan_id)
    if case is None or case.status in (ArrearsStage.WRITTEN_OFF, ArrearsStage.RECOVERED):
        return None
    standing = standing_of(case, on)
    promised_on = standing.promised_on
    is_held = promised_on is not None and promised_on >= on
    return Trouble(
        case=case,
        debt=debt_of(case.loan, on),
        days_past_due=standing.days_past_due,
        next_on=next_on(case),
        promised_on=promised_on if is_held else None,
    )


def next_on(case: ArrearsCase) -> date | None:
    """The day from which the next step of a case may follow, if nothing is paid until then."""
    late_from = payable_on(case.late_since)
    if case.status == ArrearsStage.LATE:
        return late_from + timedelta(days=REMINDER_1_FROM_DAYS)
    if case.status == ArrearsStage.REMINDER_1:
        return max(
            late_from + timedelta(days=REMINDER_2_FROM_DAYS),
            case.stage_since + timedelta(days=BETWEEN_LETTERS_DAYS),
        )
    if case.status == ArrearsStage.FINAL_NOTICE:
        return case.notice_until
    if case.status == ArrearsStage.TERMINATED:
        return case.stage_since + timedelta(days=PAY_CALLED_DAYS)
    return None
