"""What may reach a lender's wallet in the coming months: by plan, and as some borrowers fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import connection

from accounts.models import User
from core.dates import add_months
from core.money import to_cents
from lending.domain.cash_forecast import HALF, TWICE, Planned, expected_cents
from lending.models import FeeKind
from lending.selectors.fees import fee_rate
from lending.selectors.valuation import Books


@dataclass(frozen=True)
class ExpectedMonth:
    """One month of a forecast, from its first day on; fees are taken off all but the plan's parts.

    Attributes:
        principal_cents, interest_cents: as the plans of running loans have it.
        expected_cents: as some of the borrowers fail; `least_cents` if they fail twice as often
            as expected, `most_cents` if half as often.
    """

    month: date
    principal_cents: int
    interest_cents: int
    fee_cents: int
    expected_cents: int
    least_cents: int
    most_cents: int

    @property
    def net_cents(self) -> int:
        """What would reach the wallet if every borrower paid as planned."""
        return self.principal_cents + self.interest_cents - self.fee_cents


def expected_months(user: User, books: Books, months: int = 12) -> list[ExpectedMonth]:
    """What is planned and what is expected from the day of the books on; no return.

    Each instalment counts by the lender's present part of the loan. What is overdue already, and
    loans in default, are left out: when they pay is unknown.
    """
    before = add_months(books.on.replace(day=1), months)
    return forecast(_planned(user, books, before), _owed(books), on=books.on, months=months)


def forecast(
    planned: Sequence[Planned], owed: Mapping[str, int], *, on: date, months: int
) -> list[ExpectedMonth]:
    """What `planned` comes to month by month from that of `on`, at the fee of that day.

    `owed` is principal outstanding by grade of loans in order; failed ones pay a part of it later.
    """
    rate, first = fee_rate(FeeKind.LENDER, on), on.replace(day=1)
    usual, least, most = (
        expected_cents(planned, owed, months=months, failing=failing)
        for failing in (Decimal(1), TWICE, HALF)
    )
    principal, interest = [0] * months, [0] * months
    for row in planned:
        principal[row.month] += row.principal_cents
        interest[row.month] += row.interest_cents
    return [
        ExpectedMonth(
            month=add_months(first, place),
            principal_cents=principal[place],
            interest_cents=interest[place],
            fee_cents=to_cents((principal[place] + interest[place]) * rate),
            expected_cents=to_cents(usual[place] * (1 - rate)),
            least_cents=to_cents(least[place] * (1 - rate)),
            most_cents=to_cents(most[place] * (1 - rate)),
        )
        for place in range(months)
    ]


def _planned(user: User, books: Books, before: date) -> list[Planned]:
    """Instalments to come, by month, grade and the bucket in which their loans are now."""
    given = {
        "lender": user.pk,
        "on": books.on,
        "before": before,
        "late": [claim.loan_id for claim in books.late],
        "buckets": [claim.bucket for claim in books.late],
    }
    first = books.on.replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(_PLANNED, given)
        return [
            Planned(_months_on(first, month), grade, bucket, int(principal), int(interest))
            for month, grade, bucket, principal, interest in cursor.fetchall()
        ]


def _months_on(first: date, month: date) -> int:
    return (month.year - first.year) * 12 + month.month - first.month


def _owed(books: Books) -> dict[str, int]:
    """Principal of loans in order, by grade."""
    late, owed = {claim.loan_id for claim in books.late}, defaultdict[str, int](int)
    facts = books.facts
    for placed in facts.placed:
        owed[placed.grade] += placed.cents if placed.loan_id not in late else 0
    for row in facts.received:
        if row.is_kept(books.on) and row.loan_id not in late:
            owed[row.grade] -= row.principal_cents
    for loss in facts.lost:
        owed[loss.grade] -= loss.cents if loss.loan_id not in late else 0
    return dict(owed)


_PLANNED: Final = """
WITH held AS MATERIALIZED (
    SELECT holding.loan_id, loan.grade, coalesce(late.bucket, 'current') AS bucket,
           dense_rank() OVER (ORDER BY loan.grade, late.bucket) AS kind,
           holding.outstanding_cents::float8 / loan.outstanding_cents AS part
    FROM lending_holding AS holding
    JOIN lending_loan AS loan ON loan.id = holding.loan_id AND loan.status = 'active'
    LEFT JOIN unnest(%(late)s::bigint[], %(buckets)s::text[]) AS late (loan_id, bucket)
        ON late.loan_id = loan.id
    WHERE holding.lender_id = %(lender)s AND holding.outstanding_cents > 0
), summed AS MATERIALIZED (
    SELECT instalment.due_on, held.kind,
           sum((instalment.principal_cents - instalment.paid_principal_cents) * part) AS principal,
           sum((instalment.interest_cents - instalment.paid_interest_cents) * part) AS interest
    FROM held
    JOIN lending_instalment AS instalment
        ON instalment.loan_id = held.loan_id AND instalment.paid_on IS NULL
        AND instalment.superseded_on IS NULL
        AND instalment.due_on >= %(on)s AND instalment.due_on < %(before)s
    GROUP BY 1, 2
), kinds AS (
    SELECT DISTINCT kind, grade, bucket FROM held
)
SELECT date_trunc('month', due_on)::date, grade, bucket,
       round(sum(principal)::numeric, 4)::bigint, round(sum(interest)::numeric, 4)::bigint
FROM summed JOIN kinds USING (kind)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""
"""Thousands of instalments are summed by day and by a number for the kind of loan, in memory;
floats are summed in less than half the time of decimals, and rounding to four places takes away
what they are off by, so that halves of a cent go up."""
