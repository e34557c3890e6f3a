"""Proofs of the statements: months of the ledger against the rows of loans, and the far end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Final

from django.db import connection

from core.findings import Finding
from lending.selectors.statements import ROLES, Balances
from lending.verify.breaches import breaches


def statements_balance() -> Iterator[Finding]:
    """Per lender and month: what the ledger moved is what holdings, payments and losses say."""
    yield from breaches("statements_balance", _MONTHS)


def issued_statements_hold() -> Iterator[Finding]:
    """Each statement that was issued shows what the entries that it may know come to."""
    yield from breaches("issued_statements_hold", _ISSUED)


def closings_from_balances(on: date) -> dict[int, Balances]:
    """Each lender's accounts at the end of `on`: as they stand now, less all that came later."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_CLOSINGS, {"on": on})
        for lender_id, role, cents in cursor.fetchall():
            found[lender_id][role] = int(cents)
    return {
        lender_id: Balances(*(cents.get(role.value, 0) for role in ROLES))
        for lender_id, cents in found.items()
    }


_MONTHS: Final = """
WITH own AS (
    SELECT account.id, account.holder_id, account.role
    FROM ledger_account AS account
    JOIN accounts_user AS person ON person.id = account.holder_id AND person.role = 'lender'
    WHERE account.role IN ('cash', 'invested')
), leg AS (
    SELECT own.holder_id, own.role, transfer.entry_id, debit_id AS other_id, cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.credit_id = own.id
    UNION ALL
    SELECT own.holder_id, own.role, transfer.entry_id, credit_id, -cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.debit_id = own.id
), booked AS (
    SELECT leg.holder_id AS lender_id, date_trunc('month', entry.effective_on) AS month,
           CASE WHEN leg.role = 'invested' THEN 'principal' ELSE other.role END AS what,
           sum(leg.cents) AS cents
    FROM leg
    JOIN ledger_entry AS entry ON entry.id = leg.entry_id
    JOIN ledger_account AS other ON other.id = leg.other_id
    WHERE leg.role = 'invested'
       OR other.role IN ('interest_passed', 'default_interest', 'recoveries_passed', 'fees')
    GROUP BY 1, 2, 3
), paid AS (
    SELECT share.*, repayment.received_on AS "on", 1 AS sign
    FROM lending_repaymentshare AS share
    JOIN lending_repayment AS repayment ON repayment.id = share.repayment_id
    UNION ALL
    SELECT share.*, repayment.reversed_on, -1
    FROM lending_repaymentshare AS share
    JOIN lending_repayment AS repayment ON repayment.id = share.repayment_id
    WHERE repayment.reversed_on IS NOT NULL
), happened AS (
    SELECT holding.lender_id, paid."on", paid.sign * figure.cents AS cents, figure.what
    FROM paid
    JOIN lending_holding AS holding ON holding.id = paid.holding_id
    CROSS JOIN LATERAL (
        VALUES ('principal', -paid.principal_cents), ('interest_passed', paid.interest_cents),
               ('default_interest', paid.default_interest_cents),
               ('recoveries_passed', paid.recovered_cents), ('fees', -paid.fee_cents)
    ) AS figure (what, cents)
    UNION ALL
    SELECT holding.lender_id, loan.disbursed_on, holding.principal_cents, 'principal'
    FROM lending_holding AS holding JOIN lending_loan AS loan ON loan.id = holding.loan_id
    UNION ALL
    SELECT holding.lender_id, write_off."on", -loss.principal_cents, 'principal'
    FROM lending_writeoffshare AS loss
    JOIN lending_writeoff AS write_off ON write_off.id = loss.write_off_id
    JOIN lending_holding AS holding ON holding.id = loss.holding_id
), told AS (
    SELECT lender_id, date_trunc('month', "on") AS month, what, sum(cents) AS cents
    FROM happened GROUP BY 1, 2, 3
)
SELECT 'person:' || lender_id, coalesce(told.cents, 0), coalesce(booked.cents, 0),
       what || ' in ' || to_char(month, 'YYYY-MM')
FROM told FULL JOIN booked USING (lender_id, month, what)
WHERE coalesce(told.cents, 0) <> coalesce(booked.cents, 0)
ORDER BY lender_id, month, what
"""

_CLOSINGS: Final = """
WITH own AS (
    SELECT account.id, account.holder_id, account.role, account.side, account.balance_cents
    FROM ledger_account AS account
    JOIN accounts_user AS person ON person.id = account.holder_id AND person.role = 'lender'
    WHERE account.role IN ('cash', 'reserved', 'in_transit_out', 'receivable', 'invested')
), later AS (
    SELECT id, debit_id, credit_id, cents FROM ledger_transfer
    WHERE entry_id IN (SELECT id FROM ledger_entry WHERE effective_on > %(on)s)
), change AS (
    SELECT account_id, sum(cents) AS cents
    FROM (SELECT credit_id AS account_id, cents FROM later
          UNION ALL SELECT debit_id, -cents FROM later) AS leg
    GROUP BY 1
)
SELECT own.holder_id, own.role,
       own.balance_cents
           - CASE own.side WHEN 'credit' THEN 1 ELSE -1 END * coalesce(change.cents, 0)
FROM own LEFT JOIN change ON change.account_id = own.id
"""

# A run is the month that was issued; each entry belongs to the first run that may know it: to its
# lines (an even number), or to what it opens with (the odd number before) where months are missing.
_ISSUED: Final = """
WITH issued AS (
    SELECT person_id, "on", (data->>'from_on')::date AS from_on,
           (data->>'known_id')::bigint AS known_id, (data->>'through_id')::bigint AS through_id,
           data->'opening' AS opening, data->'closing' AS closing
    FROM lending_document WHERE kind = 'statement'
), run AS (
    SELECT "on", min(from_on) AS from_on, max(known_id) AS known_id,
           max(through_id) AS through_id, 2 * row_number() OVER (ORDER BY "on") AS number
    FROM issued GROUP BY 1
), counted AS (
    SELECT entry.id AS entry_id, first.number
    FROM ledger_entry AS entry
    CROSS JOIN LATERAL (
        SELECT number - CASE WHEN entry.effective_on < run.from_on AND entry.id <= run.known_id
                             THEN 1 ELSE 0 END AS number
        FROM run
        WHERE entry.effective_on <= run."on" AND entry.id <= run.through_id
        ORDER BY run.number LIMIT 1
    ) AS first
), own AS (
    SELECT account.id, account.holder_id, place.number AS place,
           CASE account.side WHEN 'credit' THEN 1 ELSE -1 END AS sign
    FROM ledger_account AS account
    JOIN accounts_user AS person ON person.id = account.holder_id AND person.role = 'lender'
    JOIN (VALUES ('cash', 0), ('reserved', 1), ('in_transit_out', 2), ('receivable', 3),
                 ('invested', 4)) AS place (role, number) ON place.role = account.role
), leg AS (
    SELECT own.holder_id, own.place, counted.number, own.sign * cents AS cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.credit_id = own.id
    JOIN counted ON counted.entry_id = transfer.entry_id
    UNION ALL
    SELECT own.holder_id, own.place, counted.number, -own.sign * cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.debit_id = own.id
    JOIN counted ON counted.entry_id = transfer.entry_id
), moved AS (
    SELECT holder_id, place, number, sum(cents) AS cents FROM leg GROUP BY 1, 2, 3
), shown AS (
    SELECT issued.person_id, run.number, run."on", place.place,
           (issued.opening->>place.place)::bigint AS opening,
           (issued.closing->>place.place)::bigint AS closing
    FROM issued
    JOIN run USING ("on")
    CROSS JOIN generate_series(0, 4) AS place (place)
), summed AS (
    SELECT shown.*, coalesce(sum(moved.cents) FILTER (WHERE moved.number < shown.number), 0)
               AS before, coalesce(sum(moved.cents), 0) AS after
    FROM shown
    LEFT JOIN moved ON moved.holder_id = shown.person_id AND moved.place = shown.place
        AND moved.number <= shown.number
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT 'person:' || person_id, figure.expected, figure.found, figure.name || ' of ' || "on"
FROM summed
CROSS JOIN LATERAL (VALUES ('opening', before, opening), ('closing', after, closing))
    AS figure (name, expected, found)
WHERE figure.expected <> figure.found
UNION ALL
SELECT 'person:' || moved.holder_id, moved.cents, 0, 'no statement of ' || run."on"
FROM moved
JOIN run USING (number)
LEFT JOIN issued ON issued.person_id = moved.holder_id AND issued."on" = run."on"
WHERE issued.person_id IS NULL AND moved.cents <> 0
ORDER BY 1, 4
"""
