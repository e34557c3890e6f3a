"""The figures of one loan; calculator, API and contract all take them from here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.dates import add_months
from core.money import to_cents
from lending.domain.amortization import FirstPeriod, Instalment, level_schedule, usual_cents
from lending.domain.apr import apr, apr_percent, years_between


class Quote(NamedTuple):
    """What a borrower gets and pays, to the cent."""

    amount_cents: int
    annual_rate: Decimal
    months: int
    disbursed_on: date
    first_due_on: date
    fee_cents: int
    instalments: tuple[Instalment, ...]
    apr: Decimal
    """Annual percentage rate of charge as a fraction, at full precision."""

    @property
    def payout_cents(self) -> int:
        """What reaches the borrower's account: the amount less the fee."""
        return self.amount_cents - self.fee_cents

    @property
    def instalment_cents(self) -> int:
        """The usual monthly payment; the last may be lower, and the first may differ."""
        return usual_cents(self.instalments)

    @property
    def first_instalment_cents(self) -> int:
        """The first payment: another than the usual where it takes the interest of odd days."""
        return self.instalments[0].total_cents

    @property
    def odd_days_cents(self) -> int:
        """By how much the first payment is above the usual one."""
        return self.first_instalment_cents - self.instalment_cents

    @property
    def last_instalment_cents(self) -> int:
        """The last payment, which takes up what rounding left over."""
        return self.instalments[-1].total_cents

    @property
    def interest_cents(self) -> int:
        """All interest over the term."""
        return sum(instalment.interest_cents for instalment in self.instalments)

    @property
    def total_payable_cents(self) -> int:
        """All that the borrower pays back; the fee is kept from the payout, not paid on top."""
        return self.amount_cents + self.interest_cents

    @property
    def cost_cents(self) -> int:
        """Interest and fee: what the loan costs in all."""
        return self.interest_cents + self.fee_cents

    @property
    def apr_percent(self) -> Decimal:
        """The annual percentage rate as it must be shown: in per cent, two decimals."""
        return apr_percent(self.apr)


def quote(
    amount_cents: int,
    annual_rate: Decimal,
    months: int,
    disbursed_on: date,
    first_due_on: date,
    fee_rate: Decimal,
    *,
    first_period: FirstPeriod = "equal",
) -> Quote:
    """Work out a loan that is paid out on one day, less a fee, and repaid in equal instalments.

    With `first_period` "stub" the first instalment differs, see `level_schedule`.

    Args:
        annual_rate: nominal yearly rate as a fraction.
        fee_rate: share of the amount kept back at payout, rounded half up; part of the APR.
    Raises:
        ValueError: as `level_schedule`, or a fee that leaves nothing to pay out.
    """
    if not 0 <= fee_rate < 1:
        raise ValueError("the fee must be a part of the amount")
    plan = level_schedule(
        amount_cents,
        annual_rate,
        months,
        first_due_on,
        disbursed_on=disbursed_on,
        first_period=first_period,
    )
    fee_cents = to_cents(amount_cents * fee_rate)
    paid = [(years_between(disbursed_on, part.due_on), part.total_cents) for part in plan]
    return Quote(
        amount_cents=amount_cents,
        annual_rate=annual_rate,
        months=months,
        disbursed_on=disbursed_on,
        first_due_on=first_due_on,
        fee_cents=fee_cents,
        instalments=tuple(plan),
        apr=apr([(0, amount_cents - fee_cents)], paid),
    )


def first_due_date(disbursed_on: date, due_day: int) -> date:
    """Return the first day of payment: the `due_day` of a month, one month or more after payout.

    Raises:
        ValueError: a day that some month does not have.
    """
    if not 1 <= due_day <= 28:
        raise ValueError("the day of payment must lie between 1 and 28")
    earliest = add_months(disbursed_on, 1)
    in_that_month = earliest.replace(day=due_day)
    return in_that_month if in_that_month >= earliest else add_months(in_that_month, 1)
