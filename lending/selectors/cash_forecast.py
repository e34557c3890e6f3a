"""What the plans of running loans promise a lender in the coming months: no return, a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from accounts.models import User
from core.dates import add_months
from core.money import to_cents
from lending.models import FeeKind
from lending.selectors.fees import fee_rate


@dataclass(frozen=True)
class ExpectedMonth:
    """What the plans of running loans promise a lender in one month, from its first day on."""

    month: date
    principal_cents: int
    interest_cents: int
    fee_cents: int

    @property
    def net_cents(self) -> int:
        """What would reach the wallet."""
        return self.principal_cents + self.interest_cents - self.fee_cents


def expected_months(user: User, on: date, months: int = 12) -> list[ExpectedMonth]:
    """What is planned to come in from `on` through the next months; an expectation, no return.

    Each instalment counts by the lender's present part of the loan. Overdue instalments and loans
    in default are left out.
    """
    first = on.replace(day=1)
    values: dict[str, Any] = {
        "lender": user.pk,
        "on": on,
        "before": add_months(first, months),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXPECTED, values)
        planned = {month: (int(back), int(earned)) for month, back, earned in cursor.fetchall()}
    rate, expected = fee_rate(FeeKind.LENDER, on), []
    for month in (add_months(first, index) for index in range(months)):
        back, earned = planned.get(month, (0, 0))
        fee_cents = to_cents((back + earned) * rate)
        expected.append(ExpectedMonth(month, back, earned, fee_cents))
    return expected


_EXPECTED: Final = """
SELECT date_trunc('month', instalment.due_on)::date,
       round(sum((instalment.principal_cents - instalment.paid_principal_cents)
                 * holding.outstanding_cents::numeric / loan.outstanding_cents)),
       round(sum((instalment.interest_cents - instalment.paid_interest_cents)
                 * holding.outstanding_cents::numeric / loan.outstanding_cents))
FROM lending_holding AS holding
JOIN lending_loan AS loan ON loan.id = holding.loan_id AND loan.status = 'active'
JOIN lending_instalment AS instalment
    ON instalment.loan_id = loan.id AND instalment.paid_on IS NULL
    AND instalment.superseded_on IS NULL
WHERE holding.lender_id = %(lender)s AND holding.outstanding_cents > 0
  AND instalment.due_on >= %(on)s AND instalment.due_on < %(before)s
GROUP BY 1
"""
