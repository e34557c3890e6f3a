"""The representative example that stands beside every rate that is advertised.

Its annual percentage rate is one that at least two thirds of the loans of late meet or undercut;
while there are too few loans to tell, a loan of a middle grade stands in for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.core.cache import cache

from core.dates import add_months
from lending.choices import DUE_DAYS, FirstPeriod
from lending.domain.pricing import price
from lending.domain.quote import Quote, first_due_date, quote
from lending.models import FeeKind, Loan, LoanRequest
from lending.selectors.fees import fee_rate

ENOUGH_LOANS: Final = 12
_LOOKED_AT: Final = 200
_EXPECTED_GRADE: Final = "E"
_EXPECTED_AMOUNT_CENTS: Final = 10_000_00
_EXPECTED_MONTHS: Final = 48
_A_DAY: Final = 24 * 60 * 60


@dataclass(frozen=True)
class Example:
    """A loan as it is advertised; `loans` is how many it was drawn from, 0 for our expectation."""

    quote: Quote
    on: date
    loans: int


def representative_example(on: date) -> Example:
    """The example for `on`, worked out once a day."""
    key = f"representative:{on.isoformat()}"
    terms = cache.get(key)
    if terms is None:
        terms = _terms_on(on)
        cache.set(key, terms, _A_DAY)
    amount_cents, rate, months, loans = terms
    return Example(figures(amount_cents, Decimal(rate), months, on), on, loans)


def figures(
    amount_cents: int,
    annual_rate: Decimal,
    months: int,
    on: date,
    *,
    due_day: int = DUE_DAYS[0],
    first_period: str = FirstPeriod.EQUAL,
) -> Quote:
    """Work out a loan paid out on `on` at that day's fee."""
    return quote(
        amount_cents,
        annual_rate,
        months,
        on,
        first_due_date(on, due_day),
        fee_rate(FeeKind.BORROWER, on),
        first_period=FirstPeriod(first_period).rule,
    )


def figures_of(
    request: LoanRequest, on: date, *, amount_cents: int | None = None, rate: Decimal | None = None
) -> Quote:
    """Work out a request, or a part of it, as if it were paid out on `on`.

    Without `rate` it is the request's own.
    """
    return figures(
        amount_cents or request.granted_cents,
        rate or request.annual_rate or Decimal(0),
        request.term_months or 0,
        on,
        due_day=request.due_day,
        first_period=request.first_period,
    )


def _terms_on(on: date) -> tuple[int, str, int, int]:
    """Amount, rate, months and the number of loans behind them."""
    recent = Loan.objects.filter(disbursed_on__gt=add_months(on, -12)).order_by("-disbursed_on")
    rows = recent.values_list("principal_cents", "annual_rate", "term_months")[:_LOOKED_AT]
    if len(rows) < ENOUGH_LOANS:
        rate = price(_EXPECTED_GRADE, _EXPECTED_MONTHS).posted
        return _EXPECTED_AMOUNT_CENTS, str(rate), _EXPECTED_MONTHS, 0
    by_cost = sorted(rows, key=lambda row: figures(row[0], row[1], row[2], on).apr)
    amount_cents, rate, months = by_cost[-(-2 * len(by_cost) // 3) - 1]
    return amount_cents, str(rate), months, len(by_cost)
