"""What it takes to repay a loan before its time, and what the borrower saves by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final, NamedTuple

from core.dates import add_months
from core.money import Rounding, to_cents
from lending.domain.amortization import period_rates
from lending.domain.day_count import DayCount, year_fraction

CAP_PERCENT: Final = Decimal("0.01")
CAP_PERCENT_LAST_YEAR: Final = Decimal("0.005")
_PRECISE: Final = Context(prec=50)


class Coming(NamedTuple):
    """What is open of an instalment that is not yet due."""

    due_on: date
    principal_cents: int
    interest_cents: int


class Interest(NamedTuple):
    """Contract interest of what is not yet due, on one day.

    Attributes:
        to_the_day_cents: borne until that day and not yet paid; owed when the loan is repaid.
        saved_cents: what would have been paid for the time after it.
        this_period_cents: what the present period bore; the rest was left from earlier ones.
    """

    to_the_day_cents: int
    saved_cents: int
    this_period_cents: int = 0


def interest_on(
    coming: Sequence[Coming],
    annual_rate: Decimal,
    *,
    since: date,
    on: date,
    day_count: DayCount = "german_30_360",
    interest_rounding: Rounding = "half_up",
) -> Interest:
    """Part the interest of coming instalments into what was borne by `on` and what falls away.

    The present period counts by days. Interest that an earlier period left for later, because a
    break put it off or a long first period bore more than one payment, was borne already.

    Args:
        coming: instalments after `on`, in order.
        since: first day of the present period: the last due date, payout, or early repayment.
    """
    planned = sum(part.interest_cents for part in coming)
    if not coming:
        return Interest(0, 0)
    balance_cents, later_cents = sum(part.principal_cents for part in coming), 0
    start = min(since, on)
    with localcontext(_PRECISE):
        elapsed = Fraction(annual_rate) * year_fraction(start, on, day_count)
        borne_cents = _rounded(balance_cents * elapsed, interest_rounding)
        dates = [part.due_on for part in coming]
        for part, rate in zip(
            coming, period_rates(annual_rate, dates, start, day_count), strict=True
        ):
            later_cents += _rounded(balance_cents * rate, interest_rounding)
            balance_cents -= part.principal_cents
    saved_cents = min(max(later_cents - borne_cents, 0), planned)
    return Interest(planned - saved_cents, saved_cents, borne_cents)


def _rounded(cents: Fraction, rounding: Rounding) -> int:
    return to_cents(Decimal(cents.numerator) / cents.denominator, rounding)


def fee_refund_cents(
    fee_cents: int,
    *,
    began_on: date,
    ends_on: date,
    on: date,
    repaid_cents: int,
    planned_cents: int,
) -> int:
    """The part of the loan's fee that is given back when principal is repaid before its time.

    All costs fall with the time that is left, one-off costs too, in proportion to the days:
    article 29 of Directive (EU) 2023/2225, CJEU C-383/18. What is repaid in part frees its share.

    Args:
        ends_on: the last due date of the plan with which the loan began.
        planned_cents: principal that that plan would leave outstanding on `on`.
    """
    if on >= ends_on or planned_cents < 1:
        return 0
    left = Fraction((ends_on - on).days, (ends_on - began_on).days)
    share = min(Fraction(repaid_cents, planned_cents), Fraction(1))
    with localcontext(_PRECISE):
        return _rounded(fee_cents * left * share, "half_up")


def compensation_cap_cents(repaid_cents: int, saved_cents: int, *, on: date, ends_on: date) -> int:
    """The most that a lender could ask for an early repayment; statutory ceilings are cut down.

    One per cent of the sum, half of that when no more than a year was left, never more than the
    interest that falls away.

    Source:
        Article 29 of Directive (EU) 2023/2225, section 502 BGB.
    """
    is_last_year = add_months(on, 12) >= ends_on
    rate = CAP_PERCENT_LAST_YEAR if is_last_year else CAP_PERCENT
    return min(int(repaid_cents * rate), saved_cents)
