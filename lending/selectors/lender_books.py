"""What happened to a lender's money, day by day: the facts that valuation and returns add up.

Money that comes and goes is read from the ledger; what was lent, received and lost from the
holdings, whose sums the nightly proofs hold against the ledger. All rows are sums by day, so that
thousands of holdings make no more than hundreds of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.db import connection

from ledger.chart import Role
from lending.domain.returns import Bucket, claim_bucket


class CashMove(NamedTuple):
    """What one day brought to the uninvested money, other than by loans."""

    on: date
    other: Role
    cents: int


class Placed(NamedTuple):
    """Loans given on one day; `loan_id` stands where a single loan must be told apart.

    `rated_cents` is principal times yearly rate.
    """

    on: date
    grade: str
    term_months: int
    loan_id: int | None
    open_holdings: int
    cents: int
    rated_cents: Decimal


class Received(NamedTuple):
    """Shares of the payments of one day; from `reversed_on` on they count no more."""

    on: date
    reversed_on: date | None
    grade: str
    term_months: int
    loan_id: int | None
    principal_cents: int
    rated_cents: Decimal
    interest_cents: int
    default_interest_cents: int
    recovered_cents: int
    fee_cents: int

    @property
    def net_cents(self) -> int:
        """What reached the wallet."""
        earned = self.interest_cents + self.default_interest_cents + self.recovered_cents
        return self.principal_cents + earned - self.fee_cents

    def is_kept(self, day: date) -> bool:
        """Whether it counted at the end of `day`."""
        return self.on <= day and (self.reversed_on is None or self.reversed_on > day)


class Lost(NamedTuple):
    """Principal of one loan written off on one day."""

    on: date
    grade: str
    term_months: int
    loan_id: int
    cents: int
    rated_cents: Decimal


class DaySums(NamedTuple):
    """What all loans paid on one day."""

    on: date
    principal_cents: int
    interest_cents: int
    fee_cents: int
    net_cents: int


class LateClaim(NamedTuple):
    """A holding that was late or in default at the end of a day, and what it was owed then."""

    loan_id: int
    bucket: Bucket
    principal_cents: int


@dataclass(frozen=True)
class Facts:
    """All that happened to a lender's money up to a day."""

    moves: Sequence[CashMove]
    placed: Sequence[Placed]
    received: Sequence[Received]
    lost: Sequence[Lost]

    @cached_property
    def by_day(self) -> list[DaySums]:
        """What was received, less what was taken back, by the day on which it happened."""
        sums: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for row in self.received:
            cents = (row.principal_cents, row.interest_cents, row.fee_cents, row.net_cents)
            for day, sign in ((row.on, 1), (row.reversed_on, -1)):
                if day is not None:
                    sums[day] = [
                        before + sign * each for before, each in zip(sums[day], cents, strict=True)
                    ]
        return [DaySums(day, *cents) for day, cents in sorted(sums.items())]


def cash_moves(lender_id: int, on: date) -> list[CashMove]:
    """What crossed the line around available, reserved and outgoing cash up to `on`."""
    rows = _rows(_MOVES, lender=lender_id, on=on)
    return [CashMove(day, Role(other), int(cents)) for day, other, cents in rows]


def facts_of(lender_id: int, on: date, *, moves: Sequence[CashMove], apart: Iterable[int]) -> Facts:
    """The facts up to `on`; the loans of `apart`, and all with losses, are told one by one."""
    given = {"lender": lender_id, "on": on, "apart": sorted(apart)}
    return Facts(
        moves=moves,
        placed=[
            Placed(*keys, opened, int(cents), rated)
            for *keys, opened, cents, rated in _rows(_PLACED, **given)
        ],
        received=[
            Received(*row[:5], int(row[5]), row[6], *(int(cents) for cents in row[7:]))
            for row in _rows(_RECEIVED, **given)
        ],
        lost=[
            Lost(*keys, int(cents), rated)
            for *keys, cents, rated in _rows(_LOST, lender=lender_id, on=on)
        ],
    )


def late_claims_on(lender_id: int, days: Sequence[date]) -> dict[date, list[LateClaim]]:
    """Holdings that were late or in default at the end of each of these days."""
    found: dict[date, list[LateClaim]] = {day: [] for day in days}
    rows = _rows(_LATE_CLAIMS, lender=lender_id, days=list(days), last=max(days))
    for day, loan_id, due_on, in_default, cents in rows:
        bucket = claim_bucket(due_on, day, in_default=in_default)
        if bucket != "current":
            found[day].append(LateClaim(loan_id, bucket, int(cents)))
    return found


def _rows(statement: str, **given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()


_MOVES: Final = """
WITH own AS MATERIALIZED (
    SELECT id FROM ledger_account
    WHERE holder_id = %(lender)s AND role IN ('cash', 'reserved', 'in_transit_out', 'receivable')
), known AS MATERIALIZED (
    SELECT id FROM own
    UNION ALL
    SELECT id FROM ledger_account WHERE holder_id = %(lender)s AND role = 'invested'
    UNION ALL
    SELECT id FROM ledger_account
    WHERE role IN ('interest_passed', 'default_interest', 'recoveries_passed', 'fees')
), leg AS (
    SELECT entry_id, debit_id AS other_id, cents
    FROM ledger_transfer
    WHERE credit_id IN (SELECT id FROM own) AND debit_id NOT IN (SELECT id FROM known)
    UNION ALL
    SELECT entry_id, credit_id, -cents
    FROM ledger_transfer
    WHERE debit_id IN (SELECT id FROM own) AND credit_id NOT IN (SELECT id FROM known)
)
SELECT entry.effective_on, other.role, sum(leg.cents)
FROM leg
JOIN ledger_entry AS entry ON entry.id = leg.entry_id AND entry.effective_on <= %(on)s
JOIN ledger_account AS other ON other.id = leg.other_id
GROUP BY 1, 2
ORDER BY 1, 2
"""
"""What a person owes after a late return counts against the uninvested money. What loans pay is
left out: shares of repayments tell it."""

_HELD: Final = """
WITH held AS MATERIALIZED (
    SELECT holding.id, loan.disbursed_on, loan.grade, loan.term_months, holding.principal_cents,
           (loan.annual_rate * 100000)::bigint AS rate,
           CASE WHEN holding.written_off_cents > 0 OR loan.id = ANY(%(apart)s) THEN loan.id END
               AS apart,
           loan.closed_on IS NULL OR loan.closed_on > %(on)s AS is_open
    FROM lending_holding AS holding
    JOIN lending_loan AS loan ON loan.id = holding.loan_id AND loan.disbursed_on <= %(on)s
    WHERE holding.lender_id = %(lender)s
)
"""

_PLACED: Final = (
    _HELD
    + """
SELECT disbursed_on, grade, term_months, apart, count(*) FILTER (WHERE is_open),
       sum(principal_cents), sum(principal_cents * rate) / 100000
FROM held
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
"""
)

_SUMS: Final = """
           sum(share.principal_cents::int) AS principal,
           sum(share.principal_cents * rate) AS rated,
           sum(share.interest_cents::int) AS interest,
           sum(share.default_interest_cents::int) AS default_interest,
           sum(share.recovered_cents::int) AS recovered, sum(share.fee_cents::int) AS fee
    FROM ranked
    JOIN lending_repaymentshare AS share ON share.holding_id = ranked.id
    JOIN lending_repayment AS repayment
        ON repayment.id = share.repayment_id AND repayment.received_on <= %(on)s
"""

_RECEIVED: Final = f"""
{_HELD}
, ranked AS MATERIALIZED (
    SELECT id, rate, dense_rank() OVER (ORDER BY grade, term_months, apart) AS kind FROM held
), summed AS (
    SELECT repayment.received_on, NULL::date AS reversed_on, ranked.kind, {_SUMS}
    WHERE repayment.reversed_on IS NULL
    GROUP BY 1, 3
    UNION ALL
    SELECT repayment.received_on, repayment.reversed_on, ranked.kind, {_SUMS}
    WHERE repayment.reversed_on IS NOT NULL
    GROUP BY 1, 2, 3
), kinds AS (
    SELECT DISTINCT ranked.kind, held.grade, held.term_months, held.apart
    FROM ranked JOIN held USING (id)
)
SELECT received_on, reversed_on, grade, term_months, apart, principal, rated / 100000, interest,
       default_interest, recovered, fee
FROM summed JOIN kinds USING (kind)
ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608 - our own words
"""Payments are summed by a number for the kind of holding, and those taken back by themselves; one
share fits four bytes and the sums eight: so the database can keep them in memory."""

_LOST: Final = """
SELECT write_off."on", loan.grade, loan.term_months, loan.id, sum(loss.principal_cents),
       sum(loss.principal_cents * loan.annual_rate)
FROM lending_holding AS holding
JOIN lending_loan AS loan ON loan.id = holding.loan_id
JOIN lending_writeoffshare AS loss ON loss.holding_id = holding.id
JOIN lending_writeoff AS write_off
    ON write_off.id = loss.write_off_id AND write_off."on" <= %(on)s
WHERE holding.lender_id = %(lender)s AND holding.written_off_cents > 0
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
"""

_LATE_CLAIMS: Final = """
WITH day AS (
    SELECT unnest(%(days)s::date[]) AS day
), held AS (
    SELECT id, loan_id, principal_cents FROM lending_holding WHERE lender_id = %(lender)s
), overdue AS (
    SELECT instalment.*
    FROM held JOIN lending_instalment AS instalment ON instalment.loan_id = held.loan_id
    WHERE instalment.paid_on IS NULL AND instalment.superseded_on IS NULL
      AND instalment.due_on < %(last)s
    UNION ALL
    SELECT instalment.*
    FROM held JOIN lending_instalment AS instalment ON instalment.loan_id = held.loan_id
    WHERE (instalment.paid_on > instalment.due_on OR instalment.superseded_on > instalment.due_on)
      AND instalment.due_on < %(last)s
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
    WHERE paid.cents < overdue.principal_cents + overdue.interest_cents
    GROUP BY 1, 2
), defaulted AS (
    SELECT day.day, event.loan_id
    FROM held
    JOIN lending_loanevent AS event ON event.loan_id = held.loan_id
    JOIN day ON event."on" <= day.day
    CROSS JOIN LATERAL (
        SELECT event.kind = 'sound' OR event.key LIKE 'cured:change:%%' AS is_end
    ) AS default_over
    WHERE event.kind = 'defaulted' OR default_over.is_end
    GROUP BY 1, 2
    HAVING max(event.id) FILTER (WHERE event.kind = 'defaulted')
           > coalesce(max(event.id) FILTER (WHERE default_over.is_end), 0)
), standing AS (
    SELECT day, loan_id, late.due_on, defaulted.loan_id IS NOT NULL AS in_default
    FROM late FULL JOIN defaulted USING (day, loan_id)
)
SELECT standing.day, held.loan_id, standing.due_on, standing.in_default, owed.cents
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
ORDER BY 1, 2
"""
"""A payment taken back counts up to the day before; clean months or eased terms end a default."""
