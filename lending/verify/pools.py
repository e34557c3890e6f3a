"""Proofs of covers and pools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.findings import Finding
from lending.verify.breaches import breaches


def covers_agree() -> Iterator[Finding]:
    """All bids of one lender on a request bear one cover, and their claim bears it on."""
    for sql in (_ONE_COVER, _CLAIM_BEARS_IT):
        yield from breaches("covers_agree", sql)


_ONE_COVER: Final = """
SELECT 'request:' || request_id || ' lender:' || lender_id, 1, count(DISTINCT cover), 'covers'
FROM lending_offer WHERE status IN ('open', 'converted')
GROUP BY request_id, lender_id HAVING min(cover) <> max(cover)
ORDER BY request_id, lender_id
"""

_CLAIM_BEARS_IT: Final = """
SELECT DISTINCT 'holding:' || holding.id, 1, 0, 'cover of its offers'
FROM lending_holding AS holding
JOIN lending_loan AS loan ON loan.id = holding.loan_id
JOIN lending_offer AS offer
    ON offer.request_id = loan.request_id AND offer.lender_id = holding.lender_id
    AND offer.status = 'converted'
WHERE offer.cover <> holding.cover
ORDER BY 1
"""


def pools_share_out() -> Iterator[Finding]:
    """Each run gives what it takes, books what it says, and only among claims of its pool."""
    for sql in (_RUNS_ADD_UP, _RUNS_ARE_POSTED, _VERSIONS_ADD_UP, _CLAIMS_ADD_UP, _CLAIMS_BELONG):
        yield from breaches("pools_share_out", sql)


_RUNS_ADD_UP: Final = """
SELECT 'pool run:' || run.id, figure.expected, figure.found, figure.name
FROM lending_poolrun AS run
LEFT JOIN (SELECT run_id, sum(owed_cents) AS owed, sum(received_cents) AS received,
                  sum(target_cents) AS target, sum(booking_cents) AS booking,
                  sum(delta_cents) AS delta
           FROM lending_poolbooking GROUP BY 1) AS line ON line.run_id = run.id
CROSS JOIN LATERAL (
    VALUES ('due', run.due_cents, coalesce(line.owed, 0)),
           ('received', run.received_cents, coalesce(line.received, 0)),
           ('targets', run.received_cents, coalesce(line.target, 0)),
           ('bookings', 0, coalesce(line.booking, 0)),
           ('booked', 0, coalesce(line.delta, 0))
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found
ORDER BY run.id, 4
"""

_RUNS_ARE_POSTED: Final = """
WITH booked AS (
    SELECT booking.run_id, holding.lender_id, sum(booking.delta_cents) AS cents
    FROM lending_poolbooking AS booking
    JOIN lending_holding AS holding ON holding.id = booking.holding_id
    GROUP BY 1, 2
), leg AS (
    SELECT entry_id, debit_id AS passed_id, credit_id AS cash_id, cents FROM ledger_transfer
    UNION ALL
    SELECT entry_id, credit_id, debit_id, -cents FROM ledger_transfer
), posted AS (
    SELECT leg.entry_id, run.id AS run_id, cash.holder_id AS lender_id, sum(leg.cents) AS cents
    FROM leg
    JOIN ledger_account AS passed ON passed.id = leg.passed_id AND passed.role = 'pool_passed'
    JOIN ledger_account AS cash ON cash.id = leg.cash_id
    LEFT JOIN lending_poolrun AS run ON run.entry_id = leg.entry_id
    GROUP BY 1, 2, 3
)
SELECT 'pool run:' || coalesce(run_id::text, 'none') || ' lender:' || lender_id,
       coalesce(booked.cents, 0), coalesce(posted.cents, 0), 'posted'
FROM booked FULL JOIN posted USING (run_id, lender_id)
WHERE coalesce(booked.cents, 0) <> coalesce(posted.cents, 0)
ORDER BY 1
"""

_VERSIONS_ADD_UP: Final = """
SELECT 'holding:' || holding_id || ' ' || month, latest, booked, 'booked of all versions'
FROM (
    SELECT booking.holding_id, run.month, sum(booking.delta_cents) AS booked,
           (array_agg(booking.booking_cents ORDER BY run.version DESC))[1] AS latest
    FROM lending_poolbooking AS booking JOIN lending_poolrun AS run ON run.id = booking.run_id
    GROUP BY 1, 2
) AS claim
WHERE latest <> booked
ORDER BY holding_id, month
"""

_CLAIMS_ADD_UP: Final = """
SELECT 'holding:' || holding.id, coalesce(booked.cents, 0), holding.pool_cents, 'from the pool'
FROM lending_holding AS holding
LEFT JOIN (SELECT holding_id, sum(delta_cents) AS cents FROM lending_poolbooking GROUP BY 1)
    AS booked ON booked.holding_id = holding.id
WHERE holding.pool_cents <> coalesce(booked.cents, 0)
ORDER BY holding.id
"""

_CLAIMS_BELONG: Final = """
SELECT 'pool run:' || run.id || ' holding:' || holding.id, 1, 0, 'claim of this pool'
FROM lending_poolbooking AS booking
JOIN lending_poolrun AS run ON run.id = booking.run_id
JOIN lending_holding AS holding ON holding.id = booking.holding_id
JOIN lending_loan AS loan ON loan.id = holding.loan_id
WHERE holding.cover <> 'pool' OR loan.grade <> run.grade OR loan.term_months <> run.term_months
ORDER BY run.id, holding.id
"""
