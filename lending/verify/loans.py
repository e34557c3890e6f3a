"""Proofs of loans: plan, holdings and repayments against each other and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.findings import Finding
from lending.verify.breaches import breaches


def holdings_equal_principal() -> Iterator[Finding]:
    """Per loan: what the ledger, the loan and its holdings say is outstanding is the same."""
    yield from breaches("holdings_equal_principal", _HOLDINGS_EQUAL_PRINCIPAL)


def loan_sums() -> Iterator[Finding]:
    """Per loan: what was disbursed was lent, and is outstanding, repaid or written off."""
    yield from breaches("loan_sums", _LOAN_SUMS)


def instalments_sum_to_principal() -> Iterator[Finding]:
    """Per loan: the plan repays it to the cent, and is paid as far as the repayments say."""
    yield from breaches("instalments_sum_to_principal", _INSTALMENTS_SUM)


def repayments_equal_parts_and_shares() -> Iterator[Finding]:
    """Per repayment, instalment and holding: the lines add up to what is stored and posted."""
    for sql in (_REPAYMENTS_EQUAL_LINES, _INSTALMENTS_EQUAL_PARTS, _HOLDINGS_EQUAL_SHARES):
        yield from breaches("repayments_equal_parts_and_shares", sql)


_HOLDINGS_EQUAL_PRINCIPAL: Final = """
SELECT 'principal:' || coalesce(loan.id, account.holder_id) || ' ' || coalesce(loan.number, '-'),
       coalesce(account.balance_cents, 0), figure.cents, figure.name
FROM lending_loan AS loan
FULL JOIN (SELECT holder_id, balance_cents FROM ledger_account WHERE role = 'principal') AS account
    ON account.holder_id = loan.id
LEFT JOIN (SELECT loan_id, sum(outstanding_cents) AS cents FROM lending_holding GROUP BY 1) AS held
    ON held.loan_id = loan.id
CROSS JOIN LATERAL (
    VALUES ('holdings', coalesce(held.cents, 0)), ('loan', coalesce(loan.outstanding_cents, 0))
) AS figure (name, cents)
WHERE coalesce(account.balance_cents, 0) <> figure.cents
ORDER BY 1, 4
"""

_LOAN_SUMS: Final = """
SELECT loan.number, loan.principal_cents, figure.cents, figure.name
FROM lending_loan AS loan
LEFT JOIN (SELECT loan_id, sum(principal_cents) AS cents
           FROM lending_repayment WHERE reversed_on IS NULL GROUP BY 1)
    AS repaid ON repaid.loan_id = loan.id
LEFT JOIN (SELECT loan_id, sum(principal_cents) AS lent, sum(written_off_cents) AS lost
           FROM lending_holding GROUP BY 1) AS held ON held.loan_id = loan.id
LEFT JOIN (SELECT account.holder_id, sum(transfer.cents) AS cents
           FROM ledger_transfer AS transfer
           JOIN ledger_account AS account
               ON account.id = transfer.debit_id AND account.role = 'principal'
           JOIN ledger_entry AS entry
               ON entry.id = transfer.entry_id AND entry.kind = 'disbursement'
           GROUP BY 1) AS posted ON posted.holder_id = loan.id
CROSS JOIN LATERAL (
    VALUES ('outstanding, repaid and written off',
            loan.outstanding_cents + coalesce(repaid.cents, 0) + coalesce(held.lost, 0)),
           ('lent by holdings', coalesce(held.lent, 0)),
           ('posted', coalesce(posted.cents, 0))
) AS figure (name, cents)
WHERE loan.principal_cents <> figure.cents
ORDER BY loan.id, 4
"""

_INSTALMENTS_SUM: Final = """
SELECT loan.number, figure.expected, figure.found, figure.name
FROM lending_loan AS loan
LEFT JOIN (SELECT loan_id, sum(principal_cents) AS planned, sum(paid_principal_cents) AS principal,
                  sum(paid_interest_cents) AS interest
           FROM lending_instalment WHERE superseded_on IS NULL GROUP BY 1)
    AS plan ON plan.loan_id = loan.id
LEFT JOIN (SELECT loan_id, sum(principal_cents) AS principal, sum(interest_cents) AS interest
           FROM lending_repayment WHERE reversed_on IS NULL GROUP BY 1)
    AS repaid ON repaid.loan_id = loan.id
LEFT JOIN (SELECT loan_id, sum(principal_cents) AS cents FROM lending_writeoff GROUP BY 1)
    AS lost ON lost.loan_id = loan.id
CROSS JOIN LATERAL (
    VALUES ('planned principal', loan.principal_cents - coalesce(lost.cents, 0),
            coalesce(plan.planned, 0)),
           ('paid principal', coalesce(repaid.principal, 0), coalesce(plan.principal, 0)),
           ('paid interest', coalesce(repaid.interest, 0), coalesce(plan.interest, 0))
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found
ORDER BY loan.id, 4
"""

_REPAYMENTS_EQUAL_LINES: Final = """
SELECT 'repayment:' || repayment.reference, figure.expected, figure.found, figure.name
FROM lending_repayment AS repayment
LEFT JOIN (SELECT repayment_id, sum(principal_cents) AS principal, sum(interest_cents) AS interest
           FROM lending_repaymentpart GROUP BY 1) AS part ON part.repayment_id = repayment.id
LEFT JOIN (SELECT repayment_id, sum(principal_cents) AS principal, sum(interest_cents) AS interest,
                  sum(default_interest_cents) AS late, sum(recovered_cents) AS recovered,
                  sum(fee_cents) AS fee
           FROM lending_repaymentshare GROUP BY 1) AS share ON share.repayment_id = repayment.id
LEFT JOIN (SELECT transfer.entry_id,
                  sum(transfer.cents) FILTER (WHERE paid_to.role = 'principal') AS principal,
                  sum(transfer.cents) FILTER (WHERE paid_to.role = 'interest_passed') AS interest,
                  sum(transfer.cents) FILTER (WHERE paid_to.role = 'default_interest') AS late,
                  sum(transfer.cents) FILTER (WHERE paid_to.role = 'collection_costs') AS costs,
                  sum(transfer.cents) FILTER (WHERE paid_to.role = 'recoveries_passed') AS recovered
           FROM ledger_transfer AS transfer
           JOIN ledger_account AS paid_to ON paid_to.id = transfer.credit_id
           GROUP BY 1) AS posted ON posted.entry_id = repayment.entry_id
CROSS JOIN LATERAL (
    VALUES ('principal of parts', repayment.principal_cents, coalesce(part.principal, 0)),
           ('interest of parts', repayment.interest_cents, coalesce(part.interest, 0)),
           ('principal of shares', repayment.principal_cents, coalesce(share.principal, 0)),
           ('interest of shares', repayment.interest_cents, coalesce(share.interest, 0)),
           ('default interest of shares', repayment.default_interest_cents,
            coalesce(share.late, 0)),
           ('recovered of shares', repayment.recovered_cents, coalesce(share.recovered, 0)),
           ('fee of shares', repayment.fee_cents, coalesce(share.fee, 0)),
           ('principal posted', repayment.principal_cents, coalesce(posted.principal, 0)),
           ('interest posted', repayment.interest_cents, coalesce(posted.interest, 0)),
           ('default interest posted', repayment.default_interest_cents, coalesce(posted.late, 0)),
           ('costs posted', repayment.costs_cents, coalesce(posted.costs, 0)),
           ('recovered posted', repayment.recovered_cents, coalesce(posted.recovered, 0))
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found
ORDER BY repayment.id, 4
"""

_INSTALMENTS_EQUAL_PARTS: Final = """
SELECT loan.number || '/' || instalment.number, figure.expected, figure.found, figure.name
FROM lending_instalment AS instalment
JOIN lending_loan AS loan ON loan.id = instalment.loan_id
LEFT JOIN (SELECT part.instalment_id, sum(part.principal_cents) AS principal,
                  sum(part.interest_cents) AS interest
           FROM lending_repaymentpart AS part
           JOIN lending_repayment AS repayment
               ON repayment.id = part.repayment_id AND repayment.reversed_on IS NULL
           GROUP BY 1) AS part ON part.instalment_id = instalment.id
CROSS JOIN LATERAL (
    VALUES ('paid principal', coalesce(part.principal, 0), instalment.paid_principal_cents),
           ('paid interest', coalesce(part.interest, 0), instalment.paid_interest_cents)
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found
ORDER BY instalment.id, 4
"""

_HOLDINGS_EQUAL_SHARES: Final = """
SELECT 'holding:' || holding.id, figure.expected, figure.found, figure.name
FROM lending_holding AS holding
LEFT JOIN (SELECT share.holding_id, sum(share.principal_cents) AS principal,
                  sum(share.interest_cents) AS interest, sum(share.fee_cents) AS fee,
                  sum(share.default_interest_cents) AS late, sum(share.recovered_cents) AS recovered
           FROM lending_repaymentshare AS share
           JOIN lending_repayment AS repayment
               ON repayment.id = share.repayment_id AND repayment.reversed_on IS NULL
           GROUP BY 1) AS share ON share.holding_id = holding.id
LEFT JOIN (SELECT holding_id, sum(principal_cents) AS cents FROM lending_writeoffshare GROUP BY 1)
    AS lost ON lost.holding_id = holding.id
CROSS JOIN LATERAL (
    VALUES ('repaid', coalesce(share.principal, 0),
            holding.principal_cents - holding.outstanding_cents - holding.written_off_cents),
           ('interest', coalesce(share.interest, 0), holding.interest_cents),
           ('default interest', coalesce(share.late, 0), holding.default_interest_cents),
           ('recovered', coalesce(share.recovered, 0), holding.recovered_cents),
           ('written off', coalesce(lost.cents, 0), holding.written_off_cents),
           ('fee', coalesce(share.fee, 0), holding.fee_cents)
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found
ORDER BY holding.id, 4
"""
