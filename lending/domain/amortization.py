"""Plans of equal monthly payments, exact to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from core.dates import add_months
from core.money import Rounding, to_cents
from lending.domain.day_count import DayCount, year_fraction

FirstPeriod = Literal["equal", "stub"]
"""How a first period of another length than a month is paid: by all payments alike, or by the
first one, which takes the interest of the odd days."""

_PRECISE: Final = Context(prec=50)
_NOISE_FREE: Final = Decimal("1e-20")


class Instalment(NamedTuple):
    """One planned payment: what of it repays the loan and what is interest."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int

    @property
    def total_cents(self) -> int:
        """What the borrower pays on that day."""
        return self.principal_cents + self.interest_cents


def usual_cents(parts: Sequence[Instalment]) -> int:
    """The payment that comes again and again: neither the first, where it differs, nor the last."""
    return parts[1 if len(parts) > 2 else 0].total_cents


def level_schedule(
    principal_cents: int,
    annual_rate: Decimal,
    months: int,
    first_due_on: date,
    *,
    disbursed_on: date | None = None,
    first_period: FirstPeriod = "equal",
    day_count: DayCount = "german_30_360",
    instalment_rounding: Rounding = "up",
    interest_rounding: Rounding = "half_up",
) -> list[Instalment]:
    """Plan equal monthly payments that repay `principal_cents` to the cent.

    Each period bears balance * annual_rate * years of interest by `day_count`; under
    German 30/360 a month between two due dates is 1/12 whatever its days. The
    first period runs from `disbursed_on` (default: one month before the first due
    date). Where it is longer or shorter, "equal" solves the payment anew, so that all
    are equal; interest that a first payment cannot cover is then paid with the next
    ones and bears none itself. With "stub" the first payment alone takes the interest
    of the days beyond the month (or is lower by that of the days short of it), and the
    others are those of a loan with regular months. The last payment takes up what
    rounding left over.

    With "up" the payment is rounded up to the cent, and by further cents while the last
    would exceed it. Where a cent a month adds up to whole payments (fewer cents than
    months, or a very high rate over years) the loan is then repaid early, and the last
    payments are lower or nothing.

    Args:
        annual_rate: nominal yearly rate as a fraction; Decimal("0.0725") is 7.25 %.
        first_due_on: instalment k falls due k - 1 months later, stepped from here.
    Returns:
        `months` instalments in order; their principal sums to `principal_cents`.
    Raises:
        ValueError: principal or term below 1, a negative rate, or no time before the
            first due date.
    Source:
        P = A * sum of the discount factors; see docs/figures.md.
    """
    if principal_cents < 1 or months < 1 or annual_rate < 0:
        raise ValueError("principal and term must be positive, the rate not negative")
    return schedule_on(
        principal_cents,
        annual_rate,
        [add_months(first_due_on, index) for index in range(months)],
        from_on=disbursed_on or add_months(first_due_on, -1),
        first_period=first_period,
        day_count=day_count,
        instalment_rounding=instalment_rounding,
        interest_rounding=interest_rounding,
    )


def schedule_on(
    principal_cents: int,
    annual_rate: Decimal,
    due_dates: Sequence[date],
    *,
    from_on: date,
    payment_cents: int | None = None,
    first_period: FirstPeriod = "equal",
    day_count: DayCount = "german_30_360",
    instalment_rounding: Rounding = "up",
    interest_rounding: Rounding = "half_up",
) -> list[Instalment]:
    """Plan payments on given days that repay what is outstanding from `from_on` to the cent.

    Without `payment_cents` all are equal, as in `level_schedule`; with it each is that much, the
    last one less, and what follows the last is left out. With "stub" the first one differs by the
    interest of its odd days in either case.

    Args:
        due_dates: in order, of one day of the month; a month may be missing.
    Raises:
        ValueError: the first due date does not lie after `from_on`, or `payment_cents` do not
            repay the loan by the last one.
    """
    with localcontext(_PRECISE):
        rates = period_rates(annual_rate, due_dates, from_on, day_count)
        odd_cents = 0
        if first_period == "stub":
            a_month_before = add_months(due_dates[0], -1)
            month = period_rates(annual_rate, due_dates[:1], a_month_before, day_count)[0]
            odd_cents = _interest(principal_cents, rates[0], interest_rounding)
            odd_cents -= _interest(principal_cents, month, interest_rounding)
            rates[0] = month
        if payment_cents is None:
            parts = _level_parts(principal_cents, rates, instalment_rounding, interest_rounding)
        else:
            parts = _repay(principal_cents, payment_cents, rates, interest_rounding)
            if sum(parts[-1]) > payment_cents:
                raise ValueError("the payment does not repay the loan in time")
            parts = [part for part in parts if sum(part)]
    repaid_cents, interest_cents = parts[0]
    parts[0] = (repaid_cents, interest_cents + odd_cents)
    return [
        Instalment(number, due_on, *part)
        for number, (due_on, part) in enumerate(zip(due_dates, parts, strict=False), start=1)
    ]


def _level_parts(
    principal_cents: int,
    rates: Sequence[Fraction],
    instalment_rounding: Rounding,
    interest_rounding: Rounding,
) -> list[tuple[int, int]]:
    """Principal and interest of equal payments, found and rounded so that the last is no higher."""
    exact = _level_payment(principal_cents, rates).quantize(_NOISE_FREE)
    payment_cents = to_cents(exact, instalment_rounding)
    while True:
        parts = _repay(principal_cents, payment_cents, rates, interest_rounding)
        if instalment_rounding != "up" or sum(parts[-1]) <= payment_cents:
            return parts
        payment_cents += 1


def period_rates(
    annual_rate: Decimal, due_dates: Sequence[date], from_on: date, day_count: DayCount
) -> list[Fraction]:
    """Return the share of the balance that each period bears as interest.

    Under German 30/360 whole months between two days of payment are so many twelfths of a year,
    whatever the days at the ends of those months.
    """
    if from_on >= due_dates[0]:
        raise ValueError("the loan must be paid out before the first instalment is due")
    anchor, start, rates = due_dates[0], from_on, []
    for index, end in enumerate(due_dates):
        years = year_fraction(start, end, day_count)
        if day_count == "german_30_360" and (index or start == add_months(anchor, -1)):
            years = Fraction(_months_between(start, end), 12)
        rates.append(Fraction(annual_rate) * years)
        start = end
    return rates


def _months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _level_payment(principal_cents: int, rates: Sequence[Fraction]) -> Decimal:
    """Solve for the payment that ends the loan with the last period.

    Once the interest of the first k periods is paid, the payments after them are an
    annuity: principal + that interest = payment * (k + annuity factor). One period is
    enough for k unless the first payment falls short of a long first period's interest.
    """
    factors = [Decimal(0)]
    for rate in reversed(rates):
        factors.append((1 + factors[-1]) / (1 + Decimal(rate.numerator) / rate.denominator))
    interest = Decimal(0)
    for periods, rate in enumerate(rates, start=1):
        interest += Decimal(principal_cents * rate.numerator) / rate.denominator
        payment = (principal_cents + interest) / (periods + factors[len(rates) - periods])
        if interest <= periods * payment:
            break
    return payment


def _repay(
    principal_cents: int,
    payment_cents: int,
    rates: Sequence[Fraction],
    interest_rounding: Rounding,
) -> list[tuple[int, int]]:
    """Run the loan with a fixed payment; return principal and interest of each period."""
    balance_cents, owed_cents, parts = principal_cents, 0, []
    for rate in rates:
        owed_cents += _interest(balance_cents, rate, interest_rounding)
        interest_cents = min(owed_cents, payment_cents)
        repaid_cents = min(payment_cents - interest_cents, balance_cents)
        parts.append((repaid_cents, interest_cents))
        balance_cents -= repaid_cents
        owed_cents -= interest_cents
    repaid_cents, interest_cents = parts[-1]
    parts[-1] = (repaid_cents + balance_cents, interest_cents + owed_cents)
    return parts


def _interest(balance_cents: int, rate: Fraction, rounding: Rounding) -> int:
    return to_cents(Decimal(balance_cents * rate.numerator) / rate.denominator, rounding)
