"""A lender's money day by day, read from the ledger and the holdings by one statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection

from ledger.chart import Role
from lending.domain.returns import HAIRCUTS, Bucket, Claim, claim_bucket


class BookMove(NamedTuple):
    """What one day changed: of uninvested money by where it came from, or of what is invested."""

    on: date
    is_invested: bool
    other: Role
    cents: int


class Position(NamedTuple):
    """Holdings alike in grade, term and standing, added up as the books said at the end of a day.

    Attributes:
        bucket: of arrears; "over-90" for everything in default.
        is_lost: something was written off.
        holdings: those that still owed something.
        rated_cents: outstanding principal times yearly rate.
        cent_days, rated_cent_days: outstanding principal times days, and times yearly rate.
    """

    grade: str
    term_months: int
    bucket: Bucket
    is_lost: bool
    holdings: int
    lent_cents: int
    outstanding_cents: int
    interest_cents: int
    default_interest_cents: int
    recovered_cents: int
    fee_cents: int
    written_off_cents: int
    rated_cents: Decimal
    cent_days: int
    rated_cent_days: Decimal

    @property
    def is_missing(self) -> bool:
        """Whether interest that ran on it did not come as agreed."""
        return self.bucket != "current" or self.is_lost


def book_moves(lender_id: int, on: date) -> list[BookMove]:
    """What crossed the line around available, reserved and outgoing cash, and what is invested."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, {"lender": lender_id, "on": on})
        return [
            BookMove(day, is_invested, Role(other), int(cents))
            for day, is_invested, other, cents in cursor.fetchall()
        ]


def late_claims_on(lender_id: int, days: Sequence[date]) -> dict[date, list[Claim]]:
    """Claims that were late or in default at the end of each day, each cut by its own haircut."""
    found: dict[date, list[Claim]] = defaultdict(list)
    kept = {f"kept_{place}": 1 - cut for place, cut in enumerate(HAIRCUTS.values())}
    with connection.cursor() as cursor:
        cursor.execute(_LATE_CLAIMS, {"lender": lender_id, "days": list(days), **kept})
        for day, due_on, in_default, holdings, cents, *values in cursor.fetchall():
            bucket = claim_bucket(due_on, day, in_default=in_default)
            worth = dict(zip(HAIRCUTS, values, strict=True))[bucket]
            if bucket != "current":
                found[day].append(Claim(bucket, int(cents), int(worth), holdings))
    return found


def positions_on(lender_id: int, on: date) -> list[Position]:
    """All holdings, open and closed, as the books said at the end of `on`."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {"lender": lender_id, "on": on, "days": [on]})
        return [_position(row, on) for row in cursor.fetchall()]


def _position(row: tuple[Any, ...], on: date) -> Position:
    grade, term, due_on, in_default, is_lost, holdings, *sums = row
    *cents, rated, cent_days, rated_cent_days = sums
    return Position(
        grade,
        term,
        claim_bucket(due_on, on, in_default=in_default),
        is_lost,
        holdings,
        *(int(each) for each in cents),
        Decimal(rated),
        int(cent_days),
        Decimal(rated_cent_days),
    )


_MOVES: Final = """
WITH own AS (
    SELECT id, role = 'invested' AS is_invested FROM ledger_account
    WHERE holder_id = %(lender)s
      AND role IN ('cash', 'reserved', 'in_transit_out', 'receivable', 'invested')
), leg AS (
    SELECT own.is_invested, entry_id, debit_id AS other_id, cents
    FROM own JOIN ledger_transfer ON credit_id = own.id
    UNION ALL
    SELECT own.is_invested, entry_id, credit_id, -cents
    FROM own JOIN ledger_transfer ON debit_id = own.id
)
SELECT entry.effective_on, leg.is_invested, other.role, sum(leg.cents)
FROM leg
JOIN ledger_entry AS entry ON entry.id = leg.entry_id AND entry.effective_on <= %(on)s
JOIN ledger_account AS other ON other.id = leg.other_id
WHERE leg.is_invested OR leg.other_id NOT IN (SELECT id FROM own WHERE NOT is_invested)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""
"""What a person owes after a late return counts against the uninvested money."""

_STANDINGS: Final = """
WITH day AS (
    SELECT unnest(%(days)s::date[]) AS day
), held AS (
    SELECT id, loan_id, principal_cents FROM lending_holding WHERE lender_id = %(lender)s
), overdue AS (
    SELECT held.loan_id, instalment.id, instalment.due_on, instalment.paid_on,
           instalment.superseded_on, instalment.principal_cents + instalment.interest_cents AS cents
    FROM held
    JOIN lending_instalment AS instalment ON instalment.loan_id = held.loan_id
    WHERE instalment.due_on < (SELECT max(day) FROM day)
      AND (instalment.paid_on IS NULL OR instalment.paid_on > instalment.due_on)
), late AS (
    SELECT day.day, overdue.loan_id, min(overdue.due_on) AS due_on
    FROM overdue
    JOIN day ON overdue.due_on < day.day
        AND (overdue.paid_on IS NULL OR overdue.paid_on > day.day)
        AND (overdue.superseded_on IS NULL OR overdue.superseded_on > day.day)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(part.principal_cents + part.interest_cents), 0) AS cents
        FROM lending_repaymentpart AS part
        JOIN lending_repayment AS repayment
            ON repayment.id = part.repayment_id AND repayment.received_on <= day.day
            AND (repayment.reversed_on IS NULL OR repayment.reversed_on > day.day)
        WHERE part.instalment_id = overdue.id
    ) AS paid
    WHERE paid.cents < overdue.cents
    GROUP BY 1, 2
), defaulted AS (
    SELECT day.day, event.loan_id
    FROM held
    JOIN lending_loanevent AS event
        ON event.loan_id = held.loan_id AND event.kind IN ('defaulted', 'cured')
    JOIN day ON event."on" <= day.day
    GROUP BY 1, 2
    HAVING max(event.id) FILTER (WHERE event.kind = 'defaulted')
           > coalesce(max(event.id) FILTER (WHERE event.kind = 'cured'), 0)
), standing AS (
    SELECT day, loan_id, late.due_on, defaulted.loan_id IS NOT NULL AS in_default
    FROM late FULL JOIN defaulted USING (day, loan_id)
)
"""
"""How late each loan of a lender was at the end of each day; those in order have no row.

A payment taken back counts up to the day before. Who was in default stays so until cured.
"""

_LATE_CLAIMS: Final = (
    _STANDINGS  # noqa: S608 - our own words
    + """
SELECT standing.day, standing.due_on, standing.in_default, count(*), sum(owed.cents),
       sum(round(owed.cents * %(kept_0)s)), sum(round(owed.cents * %(kept_1)s)),
       sum(round(owed.cents * %(kept_2)s)), sum(round(owed.cents * %(kept_3)s)),
       sum(round(owed.cents * %(kept_4)s))
FROM standing
JOIN held ON held.loan_id = standing.loan_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(share.principal_cents), 0) AS cents
    FROM lending_repaymentshare AS share
    JOIN lending_repayment AS repayment
        ON repayment.id = share.repayment_id AND repayment.received_on <= standing.day
        AND (repayment.reversed_on IS NULL OR repayment.reversed_on > standing.day)
    WHERE share.holding_id = held.id
) AS repaid
CROSS JOIN LATERAL (
    SELECT coalesce(sum(loss.principal_cents), 0) AS cents
    FROM lending_writeoffshare AS loss
    JOIN lending_writeoff AS write_off
        ON write_off.id = loss.write_off_id AND write_off."on" <= standing.day
    WHERE loss.holding_id = held.id
) AS lost
CROSS JOIN LATERAL (SELECT held.principal_cents - repaid.cents - lost.cents AS cents) AS owed
WHERE owed.cents > 0
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""
)

_POSITIONS: Final = (
    _STANDINGS  # noqa: S608 - our own words
    + """
, paid AS (
    SELECT share.holding_id, sum(share.principal_cents) FILTER (WHERE kept.is_kept) AS cents,
           sum(share.interest_cents) FILTER (WHERE kept.is_kept) AS interest_cents,
           sum(share.default_interest_cents) FILTER (WHERE kept.is_kept) AS default_interest_cents,
           sum(share.recovered_cents) FILTER (WHERE kept.is_kept) AS recovered_cents,
           sum(share.fee_cents) FILTER (WHERE kept.is_kept) AS fee_cents,
           sum(share.principal_cents * (kept.until - repayment.received_on)) AS cent_days
    FROM held
    JOIN lending_repaymentshare AS share ON share.holding_id = held.id
    JOIN lending_repayment AS repayment
        ON repayment.id = share.repayment_id AND repayment.received_on <= %(on)s
    CROSS JOIN LATERAL (
        SELECT least(repayment.reversed_on, %(on)s) AS until,
               (repayment.reversed_on IS NULL OR repayment.reversed_on > %(on)s) AS is_kept
    ) AS kept
    GROUP BY 1
), lost AS (
    SELECT loss.holding_id, sum(loss.principal_cents) AS cents,
           sum(loss.principal_cents * (%(on)s - write_off."on")) AS cent_days
    FROM held
    JOIN lending_writeoffshare AS loss ON loss.holding_id = held.id
    JOIN lending_writeoff AS write_off
        ON write_off.id = loss.write_off_id AND write_off."on" <= %(on)s
    GROUP BY 1
), stood AS (
    SELECT loan.grade, loan.term_months, loan.annual_rate, standing.due_on,
           coalesce(standing.in_default, false) AS in_default, held.principal_cents,
           held.principal_cents - coalesce(paid.cents, 0) - coalesce(lost.cents, 0) AS owed_cents,
           coalesce(paid.interest_cents, 0) AS interest_cents,
           coalesce(paid.default_interest_cents, 0) AS default_interest_cents,
           coalesce(paid.recovered_cents, 0) AS recovered_cents,
           coalesce(paid.fee_cents, 0) AS fee_cents,
           coalesce(lost.cents, 0) AS lost_cents,
           held.principal_cents * (%(on)s - loan.disbursed_on) - coalesce(paid.cent_days, 0)
               - coalesce(lost.cent_days, 0) AS cent_days
    FROM held
    JOIN lending_loan AS loan ON loan.id = held.loan_id AND loan.disbursed_on <= %(on)s
    LEFT JOIN paid ON paid.holding_id = held.id
    LEFT JOIN lost ON lost.holding_id = held.id
    LEFT JOIN standing ON standing.loan_id = held.loan_id
)
SELECT grade, term_months, due_on, in_default, lost_cents > 0,
       count(*) FILTER (WHERE owed_cents > 0), sum(principal_cents), sum(owed_cents),
       sum(interest_cents), sum(default_interest_cents), sum(recovered_cents), sum(fee_cents),
       sum(lost_cents), sum(owed_cents * annual_rate), sum(cent_days),
       sum(cent_days * annual_rate)
FROM stood
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
"""
)
