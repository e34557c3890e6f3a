"""Which of many payments take the normal course, and what each of them settles.

Such a payment is on a loan that runs, was never late and has been through its days; it settles
instalments that are due, no more than that, and something is left to pay afterwards. Everything
else (default interest, costs, a surplus, the last instalment, a lender who owes money, a payment
taken back before) is for `repay`, which knows all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from django.db import connection

from core.bulk import array_of
from lending.domain.due_dates import payable_on
from lending.domain.sharing_many import MOST_CENTS


class Payment(NamedTuple):
    """Money that has come in for a loan; `instalment_id` is the instalment that was debited."""

    loan_id: int
    amount_cents: int
    reference: str
    received_on: date
    instalment_id: int | None = None


class PlainPart(NamedTuple):
    """What the payment at `place` settles of one instalment."""

    place: int
    instalment_id: int
    principal_cents: int
    interest_cents: int


def plain_parts(payments: Sequence[Payment], on: date) -> list[PlainPart]:
    """The parts of those payments of one day that are plain, by place and oldest first.

    At most one payment for each loan; whoever asks has locked the loans.
    """
    given = _columns(payments, on)
    with connection.cursor() as cursor:
        cursor.execute(_LATE, given)
        late = {place for place, *days in cursor.fetchall() if _is_late(*days, on)}
        cursor.execute(_PARTS, given)
        parts = [PlainPart(*row) for row in cursor.fetchall()]
    return [part for part in parts if part.place not in late]


def _columns(payments: Sequence[Payment], on: date) -> dict[str, object]:
    return {
        "on": on,
        "most": MOST_CENTS,
        "loan_ids": array_of(payment.loan_id for payment in payments),
        "cents": array_of(payment.amount_cents for payment in payments),
        "instalment_ids": array_of(payment.instalment_id or 0 for payment in payments),
        "references": [payment.reference for payment in payments],
    }


def _is_late(due_on: date, paid_on: date | None, on: date) -> bool:
    """Whether an instalment was paid, or is still to be paid, after it could have been."""
    return (paid_on or on) > _payable_on(due_on)


@lru_cache(maxsize=1_000)
def _payable_on(due_on: date) -> date:
    return payable_on(due_on)


_GIVEN: Final = """
WITH given AS (
    SELECT place - 1 AS place, loan_id, cents, instalment_id, reference
    FROM unnest(%(loan_ids)s::bigint[], %(cents)s::bigint[], %(instalment_ids)s::bigint[],
                %(references)s::text[])
        WITH ORDINALITY AS given (loan_id, cents, instalment_id, reference, place)
)
"""

_LATE_ONES: Final = """
SELECT given.place, instalment.due_on, instalment.paid_on
FROM given
JOIN lending_instalment AS instalment USING (loan_id)
WHERE instalment.superseded_on IS NULL AND instalment.due_on < %(on)s
  AND (instalment.paid_on IS NULL OR instalment.paid_on > instalment.due_on)
"""

_PLAIN_ONES: Final = """
, plain AS (
    SELECT given.place, given.loan_id, given.cents, given.instalment_id
    FROM given
    JOIN lending_loan AS loan ON loan.id = given.loan_id
    WHERE loan.status = 'active' AND given.cents BETWEEN 1 AND %(most)s
      AND loan.outstanding_cents BETWEEN 1 AND %(most)s
      AND NOT EXISTS (SELECT FROM lending_repayment WHERE reference = given.reference)
      AND NOT EXISTS (SELECT FROM lending_repayment
                      WHERE loan_id = loan.id AND reversed_on IS NOT NULL)
      AND NOT EXISTS (SELECT FROM lending_defaultinterestspan WHERE loan_id = loan.id)
      AND NOT EXISTS (SELECT FROM lending_legalcost WHERE loan_id = loan.id)
      AND NOT EXISTS (SELECT FROM core_dayendrun AS run
                      WHERE (run.finished_at IS NOT NULL OR run.business_date < %(on)s)
                        AND run.business_date >= loan.disbursed_on
                        AND run.business_date > coalesce(loan.serviced_through, '-infinity'))
      AND loan.id NOT IN (
          SELECT holding.loan_id FROM ledger_account AS debt
          JOIN lending_holding AS holding ON holding.lender_id = debt.holder_id
          WHERE debt.role = 'receivable' AND debt.balance_cents > 0)
), unpaid AS (
    SELECT plain.place, plain.cents, instalment.id, instalment.number, instalment.due_on,
           instalment.due_on <= %(on)s OR instalment.id = plain.instalment_id AS is_due,
           instalment.principal_cents - instalment.paid_principal_cents AS principal_cents,
           instalment.interest_cents - instalment.paid_interest_cents AS interest_cents
    FROM plain
    JOIN lending_instalment AS instalment USING (loan_id)
    WHERE instalment.superseded_on IS NULL AND instalment.paid_on IS NULL
), summed AS (
    SELECT unpaid.*,
           sum(principal_cents + interest_cents) FILTER (WHERE is_due) OVER whole AS due_cents,
           cents - coalesce(sum(principal_cents + interest_cents) FILTER (WHERE is_due) OVER (
               PARTITION BY place ORDER BY due_on, number
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS left_cents,
           sum(principal_cents + interest_cents) OVER whole AS owed_cents
    FROM unpaid
    WINDOW whole AS (PARTITION BY place)
)
SELECT place, id, least(left_cents - least(left_cents, interest_cents), principal_cents)::bigint,
       least(left_cents, interest_cents)::bigint
FROM summed
WHERE is_due AND left_cents > 0 AND cents <= due_cents AND cents < owed_cents
ORDER BY place, due_on, number
"""

_LATE: Final = _GIVEN + _LATE_ONES
_PARTS: Final = _GIVEN + _PLAIN_ONES
