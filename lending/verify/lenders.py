"""Proofs of lenders' money: what is reserved, invested, earned and charged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.findings import Finding
from lending.verify.breaches import breaches


def holdings_equal_invested() -> Iterator[Finding]:
    """Per lender: the holdings are what the ledger has invested."""
    yield from breaches("holdings_equal_invested", _HOLDINGS_EQUAL_INVESTED)


def reserved_equals_open_offers() -> Iterator[Finding]:
    """Per lender and per request: reserved money is what open offers promise."""
    for sql in (_RESERVED_EQUALS_OFFERS, _FUNDED_EQUALS_OFFERS):
        yield from breaches("reserved_equals_open_offers", sql)


def lenders_add_up() -> Iterator[Finding]:
    """Per lender: all that is there is in less out, plus interest, less fees and losses."""
    yield from breaches("lenders_add_up", _LENDERS_ADD_UP)


def fees_equal_postings() -> Iterator[Finding]:
    """The platform's income is the fees of loans and repayments, and what lenders were charged."""
    for sql in (_FEES_BY_ENTRY, _FEES_BY_LENDER):
        yield from breaches("fees_equal_postings", sql)


_HOLDINGS_EQUAL_INVESTED: Final = """
SELECT 'invested:' || coalesce(account.holder_id, held.lender_id),
       coalesce(account.balance_cents, 0), coalesce(held.cents, 0), 'holdings'
FROM (SELECT holder_id, balance_cents FROM ledger_account WHERE role = 'invested') AS account
FULL JOIN (SELECT lender_id, sum(outstanding_cents) AS cents FROM lending_holding GROUP BY 1)
    AS held ON held.lender_id = account.holder_id
WHERE coalesce(account.balance_cents, 0) <> coalesce(held.cents, 0)
ORDER BY 1
"""

_RESERVED_EQUALS_OFFERS: Final = """
SELECT 'reserved:' || coalesce(account.holder_id, offered.lender_id),
       coalesce(offered.cents, 0), coalesce(account.balance_cents, 0), 'open offers'
FROM (SELECT holder_id, balance_cents FROM ledger_account WHERE role = 'reserved') AS account
FULL JOIN (SELECT lender_id, sum(amount_cents) AS cents
           FROM lending_offer WHERE status = 'open' GROUP BY 1)
    AS offered ON offered.lender_id = account.holder_id
WHERE coalesce(account.balance_cents, 0) <> coalesce(offered.cents, 0)
ORDER BY 1
"""

_FUNDED_EQUALS_OFFERS: Final = """
SELECT 'request:' || request.id, coalesce(offered.cents, 0), request.funded_cents, 'funded'
FROM lending_loanrequest AS request
LEFT JOIN (SELECT request_id, sum(amount_cents) AS cents
           FROM lending_offer WHERE status IN ('open', 'converted') GROUP BY 1)
    AS offered ON offered.request_id = request.id
WHERE request.funded_cents <> coalesce(offered.cents, 0)
ORDER BY request.id
"""

_LENDERS_ADD_UP: Final = """
WITH own AS (
    SELECT account.id, account.holder_id, account.role, account.balance_cents
    FROM ledger_account AS account
    JOIN accounts_user AS person ON person.id = account.holder_id AND person.role = 'lender'
    WHERE account.role IN ('cash', 'reserved', 'invested', 'in_transit_out')
), allowed (own_role, other_role) AS (
    VALUES ('cash', 'clearing_in'), ('in_transit_out', 'clearing_out'), ('cash', 'interest_passed'),
           ('cash', 'fees'), ('invested', 'principal'), ('cash', 'suspense'),
           ('cash', 'default_interest'), ('cash', 'recoveries_passed'), ('cash', 'receivable'),
           ('cash', 'pool_passed')
), leg AS (
    SELECT own.holder_id, own.role, transfer.debit_id AS other_id, transfer.cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.credit_id = own.id
    UNION ALL
    SELECT own.holder_id, own.role, transfer.credit_id, -transfer.cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.debit_id = own.id
), crossing AS (
    SELECT leg.holder_id, other.role, sum(leg.cents) AS cents
    FROM leg
    JOIN ledger_account AS other ON other.id = leg.other_id
    JOIN allowed ON allowed.own_role = leg.role AND allowed.other_role = other.role
    GROUP BY 1, 2
), moved AS (
    SELECT holder_id, sum(cents) AS all_cents,
           sum(cents) FILTER (WHERE role = 'interest_passed') AS interest,
           sum(cents) FILTER (WHERE role = 'default_interest') AS late,
           sum(cents) FILTER (WHERE role = 'recoveries_passed') AS recovered,
           sum(cents) FILTER (WHERE role = 'pool_passed') AS pool,
           -sum(cents) FILTER (WHERE role = 'principal') AS lost
    FROM crossing GROUP BY 1
), there AS (
    SELECT holder_id, sum(balance_cents) AS cents FROM own GROUP BY 1
), held AS (
    SELECT lender_id, sum(interest_cents) AS interest, sum(written_off_cents) AS lost,
           sum(default_interest_cents) AS late, sum(recovered_cents) AS recovered,
           sum(pool_cents) AS pool
    FROM lending_holding GROUP BY 1
)
SELECT 'person:' || there.holder_id, figure.expected, figure.found, figure.name
FROM there
LEFT JOIN moved ON moved.holder_id = there.holder_id
LEFT JOIN held ON held.lender_id = there.holder_id
CROSS JOIN LATERAL (
    VALUES ('in, out and earned', coalesce(moved.all_cents, 0), there.cents),
           ('interest', coalesce(moved.interest, 0), coalesce(held.interest, 0)),
           ('default interest', coalesce(moved.late, 0), coalesce(held.late, 0)),
           ('recovered', coalesce(moved.recovered, 0), coalesce(held.recovered, 0)),
           ('pool', coalesce(moved.pool, 0), coalesce(held.pool, 0)),
           ('written off', coalesce(moved.lost, 0), coalesce(held.lost, 0))
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found
ORDER BY there.holder_id, 4
"""

_FEES_BY_ENTRY: Final = """
WITH posted AS (
    SELECT transfer.entry_id, sum(
        CASE WHEN transfer.credit_id = account.id THEN transfer.cents ELSE -transfer.cents END
    ) AS cents
    FROM ledger_transfer AS transfer
    JOIN ledger_account AS account
        ON account.role = 'fees' AND account.id IN (transfer.credit_id, transfer.debit_id)
    GROUP BY 1
), owed AS (
    SELECT entry_id, fee_cents - fee_refund_cents AS cents FROM lending_repayment
    UNION ALL
    SELECT reversal_entry_id, -fee_cents FROM lending_repayment WHERE reversed_on IS NOT NULL
    UNION ALL
    SELECT entry.id, loan.fee_cents FROM lending_loan AS loan
    JOIN ledger_entry AS entry ON entry.reference = 'disbursement:' || loan.number
    UNION ALL
    SELECT entry.id, -loan.fee_cents FROM lending_loan AS loan
    JOIN ledger_entry AS entry ON entry.reference = 'contract-withdrawal:' || loan.number
    WHERE loan.withdrawn_on IS NOT NULL
)
SELECT entry.reference, coalesce(owed.cents, 0), coalesce(posted.cents, 0), 'posted'
FROM owed FULL JOIN posted USING (entry_id)
JOIN ledger_entry AS entry ON entry.id = entry_id
WHERE coalesce(owed.cents, 0) <> coalesce(posted.cents, 0)
ORDER BY entry.id
"""

_FEES_BY_LENDER: Final = """
WITH charged AS (
    SELECT payer.holder_id, sum(leg.cents) AS cents
    FROM (SELECT debit_id AS payer_id, credit_id AS fees_id, cents FROM ledger_transfer
          UNION ALL
          SELECT transfer.credit_id, transfer.debit_id, -transfer.cents
          FROM ledger_transfer AS transfer
          JOIN ledger_entry AS entry ON entry.id = transfer.entry_id AND entry.kind = 'reversal')
        AS leg
    JOIN ledger_account AS payer ON payer.id = leg.payer_id AND payer.role = 'cash'
    JOIN ledger_account AS fees ON fees.id = leg.fees_id AND fees.role = 'fees'
    GROUP BY 1
), held AS (
    SELECT lender_id, sum(fee_cents) AS cents FROM lending_holding GROUP BY 1
)
SELECT 'cash:' || coalesce(charged.holder_id, held.lender_id),
       coalesce(held.cents, 0), coalesce(charged.cents, 0), 'fees charged'
FROM charged FULL JOIN held ON held.lender_id = charged.holder_id
WHERE coalesce(held.cents, 0) <> coalesce(charged.cents, 0)
ORDER BY 1
"""
