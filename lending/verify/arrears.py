"""Proofs of arrears: what was given up, laid out and sold, against shares, ledger and loans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.findings import Finding
from lending.verify.breaches import breaches


def write_offs_equal_shares() -> Iterator[Finding]:
    """Per write-off: its shares and its postings are the principal that was given up."""
    yield from breaches("write_offs_equal_shares", _WRITE_OFFS)


def costs_equal_postings() -> Iterator[Finding]:
    """Costs laid out less those paid back are what the ledger says is laid out, loan by loan."""
    for sql in (_COSTS, _COSTS_BY_LOAN):
        yield from breaches("costs_equal_postings", sql)


def cases_agree_with_loans() -> Iterator[Finding]:
    """A case of arrears ends as its loan does, and a claim sold has lost what its quota leaves."""
    for sql in (_CASES, _SALES):
        yield from breaches("cases_agree_with_loans", sql)


_WRITE_OFFS: Final = """
SELECT loan.number || ' write-off:' || given_up.id, given_up.principal_cents, figure.cents,
       figure.name
FROM lending_writeoff AS given_up
JOIN lending_loan AS loan ON loan.id = given_up.loan_id
LEFT JOIN (SELECT write_off_id, sum(principal_cents) AS cents
           FROM lending_writeoffshare GROUP BY 1) AS share ON share.write_off_id = given_up.id
LEFT JOIN (SELECT transfer.entry_id, credited.holder_id, sum(transfer.cents) AS cents
           FROM ledger_transfer AS transfer
           JOIN ledger_account AS credited
               ON credited.id = transfer.credit_id AND credited.role = 'principal'
           JOIN ledger_account AS debited
               ON debited.id = transfer.debit_id AND debited.role = 'invested'
           GROUP BY 1, 2) AS posted
    ON posted.entry_id = given_up.entry_id AND posted.holder_id = given_up.loan_id
CROSS JOIN LATERAL (
    VALUES ('shares', coalesce(share.cents, 0)), ('posted', coalesce(posted.cents, 0))
) AS figure (name, cents)
WHERE given_up.principal_cents <> figure.cents
ORDER BY given_up.id, 4
"""

_COSTS: Final = """
WITH laid_out AS (
    SELECT coalesce((SELECT sum(cents) FROM lending_legalcost), 0)
         - coalesce((SELECT sum(costs_cents) FROM lending_repayment
                     WHERE reversed_on IS NULL), 0) AS cents
), account AS (
    SELECT coalesce(sum(balance_cents), 0) AS cents
    FROM ledger_account WHERE role = 'collection_costs'
)
SELECT 'collection_costs', laid_out.cents, account.cents, 'laid out and not paid back'
FROM laid_out, account WHERE laid_out.cents <> account.cents
"""

_COSTS_BY_LOAN: Final = """
SELECT loan.number, laid_out.cents, coalesce(paid.cents, 0), 'more costs paid than laid out'
FROM (SELECT loan_id, sum(costs_cents) AS cents
      FROM lending_repayment WHERE reversed_on IS NULL GROUP BY 1) AS paid
JOIN lending_loan AS loan ON loan.id = paid.loan_id
CROSS JOIN LATERAL (SELECT coalesce(sum(cents), 0) AS cents
                    FROM lending_legalcost WHERE loan_id = loan.id) AS laid_out
WHERE paid.cents > laid_out.cents
ORDER BY loan.id
"""

_CASES: Final = """
SELECT loan.number, 0, 1, 'loan ' || loan.status || ', case ' || coalesce(spell.status, 'none')
FROM lending_loan AS loan
LEFT JOIN LATERAL (
    SELECT status FROM lending_arrearscase WHERE loan_id = loan.id ORDER BY id DESC LIMIT 1
) AS spell ON true
WHERE (loan.status = 'sold' AND spell.status IS DISTINCT FROM 'sold')
   OR (loan.status = 'settled' AND spell.status IS DISTINCT FROM 'settled')
   OR (loan.status = 'written_off'
       AND coalesce(spell.status, 'none') NOT IN ('written_off', 'recovered'))
   OR (loan.status NOT IN ('sold', 'settled', 'written_off')
       AND spell.status IN ('sold', 'settled', 'written_off', 'recovered'))
   OR ((loan.terminated_on IS NOT NULL)
       <> (coalesce(spell.status, 'late') NOT IN
           ('late', 'reminder_1', 'reminder_2', 'final_notice', 'cured'))
       AND coalesce(spell.status, 'late') <> 'cured')
ORDER BY loan.id
"""

_SALES: Final = """
SELECT loan.number, sale.price_cents, figure.cents, figure.name
FROM lending_claimsale AS sale
JOIN lending_loan AS loan ON loan.id = sale.loan_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(principal_cents), 0) AS cents FROM lending_writeoff
    WHERE loan_id = loan.id AND kind = 'sold'
) AS lost
CROSS JOIN LATERAL (
    SELECT coalesce(sum(principal_cents), 0) AS cents FROM lending_repayment
    WHERE loan_id = loan.id AND kind = 'sale' AND reversed_on IS NULL
) AS paid
CROSS JOIN LATERAL (
    VALUES ('sold less lost', sale.principal_cents - lost.cents),
           ('paid and outstanding', paid.cents + loan.outstanding_cents)
) AS figure (name, cents)
WHERE figure.cents <> sale.price_cents
ORDER BY loan.id, 4
"""
