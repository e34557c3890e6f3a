"""A lender's money day by day, read from the ledger and the holdings by one statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from django.db import connection

from ledger.chart import Role
from lending.domain.due_dates import days_past_due


class CashMove(NamedTuple):
    """What came to (or went from) a lender's uninvested money on one day, by where it came from."""

    on: date
    other: Role
    cents: int


class Claim(NamedTuple):
    """Outstanding principal of holdings that are equally late."""

    principal_cents: int
    days_past_due: int
    holdings: int


def cash_moves(lender_id: int, on: date) -> list[CashMove]:
    """Everything that crossed the line around available, reserved and outgoing cash, by day."""
    with connection.cursor() as cursor:
        cursor.execute(_CASH_MOVES, {"lender": lender_id, "on": on})
        return [CashMove(day, Role(other), int(cents)) for day, other, cents in cursor.fetchall()]


def claims_on(lender_id: int, days: Sequence[date]) -> dict[date, list[Claim]]:
    """What was outstanding at the end of each day, and how late it was then."""
    found: dict[date, list[Claim]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, {"lender": lender_id, "days": list(days)})
        for day, oldest_due_on, cents, holdings in cursor.fetchall():
            late_days = days_past_due(oldest_due_on, day)
            found[day].append(Claim(int(cents), late_days, holdings))
    return found


_CASH_MOVES: Final = """
WITH own AS (
    SELECT id FROM ledger_account
    WHERE holder_id = %(lender)s AND role IN ('cash', 'reserved', 'in_transit_out')
), leg AS (
    SELECT entry_id, debit_id AS other_id, cents
    FROM ledger_transfer WHERE credit_id IN (SELECT id FROM own)
    UNION ALL
    SELECT entry_id, credit_id, -cents
    FROM ledger_transfer WHERE debit_id IN (SELECT id FROM own)
)
SELECT entry.effective_on, other.role, sum(leg.cents)
FROM leg
JOIN ledger_entry AS entry ON entry.id = leg.entry_id AND entry.effective_on <= %(on)s
JOIN ledger_account AS other ON other.id = leg.other_id
WHERE leg.other_id NOT IN (SELECT id FROM own)
GROUP BY 1, 2
ORDER BY 1, 2
"""

_CLAIMS: Final = """
SELECT day.day, oldest.due_on, sum(held.cents), count(*)
FROM unnest(%(days)s::date[]) AS day (day)
JOIN lending_loan AS loan ON loan.disbursed_on <= day.day
JOIN lending_holding AS holding
    ON holding.loan_id = loan.id AND holding.lender_id = %(lender)s
CROSS JOIN LATERAL (
    SELECT holding.principal_cents - coalesce(sum(share.principal_cents), 0)
           - CASE WHEN loan.closed_on <= day.day THEN holding.written_off_cents ELSE 0 END AS cents
    FROM lending_repaymentshare AS share
    JOIN lending_repayment AS repayment
        ON repayment.id = share.repayment_id AND repayment.received_on <= day.day
    WHERE share.holding_id = holding.id
) AS held
CROSS JOIN LATERAL (
    SELECT min(due_on) AS due_on FROM lending_instalment
    WHERE loan_id = loan.id AND due_on < day.day AND (paid_on IS NULL OR paid_on > day.day)
      AND (superseded_on IS NULL OR superseded_on > day.day)
) AS oldest
WHERE held.cents > 0
GROUP BY 1, 2
ORDER BY 1, 2
"""
