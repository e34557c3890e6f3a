"""Proofs of money for payments; each is named in `settings.MONEY_CHECKS`.

What the ledger says of money in and out is read by plain SQL and held against the rows that caused
it; what the provider says is fetched from the provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from core import clock
from core.findings import Finding
from payments.limits import FINISH_WITHIN
from payments.services import reconciliation


def pay_ins_are_booked() -> Iterator[Finding]:
    """Each pay-in received has its entry, of its amount, to its lender, and each entry its row."""
    yield from _findings("pay_ins_are_booked", _PAY_INS)


def collections_are_booked() -> Iterator[Finding]:
    """Each collected debit has its entry and its repayment; one taken back has both reversed."""
    yield from _findings("collections_are_booked", _COLLECTIONS)
    yield from _findings("collections_are_booked", _REPAYMENTS)
    yield from _findings("collections_are_booked", _KEPT)


def returns_are_booked() -> Iterator[Finding]:
    """What banks took back, and what went back to payers, left the provider once; so what came."""
    yield from _findings("returns_are_booked", _TAKEN_BACK)
    yield from _findings("returns_are_booked", _CAME_AGAIN)


def disputes_are_known() -> Iterator[Finding]:
    """No dispute has a status that we do not know, or is lost without the money having left."""
    with connection.cursor() as cursor:
        cursor.execute(_DISPUTES)
        for subject, expected, found, word in cursor.fetchall():
            yield Finding("disputes_are_known", subject, int(expected), int(found), word)


def payouts_are_booked() -> Iterator[Finding]:
    """What waits to leave equals what each person has in transit; what arrived was booked once."""
    yield from _findings("payouts_are_booked", _IN_TRANSIT)
    yield from _findings("payouts_are_booked", _PAID)


def charges_are_booked() -> Iterator[Finding]:
    """Each charge of the provider is a cost of ours, once."""
    yield from _findings("charges_are_booked", _CHARGES)


def operations_are_finished() -> Iterator[Finding]:
    """No request to the provider is left open beyond its time."""
    before: datetime = clock.now() - FINISH_WITHIN
    with connection.cursor() as cursor:
        cursor.execute(_UNFINISHED, [before])
        for key, status in cursor.fetchall():
            yield Finding("operations_are_finished", key, 0, 1, status)


def provider_agrees() -> Iterator[Finding]:
    """Every line of the provider's books is in ours, and the totals are equal.

    What rests in suspense is explained by nobody yet, and so is a difference.
    """
    yield from reconciliation.differences()


def suspense_agrees() -> Iterator[Finding]:
    """What the ledger holds in suspense is what the open items say, each with its entries."""
    yield from _findings("suspense_agrees", _SUSPENSE)
    yield from _findings("suspense_agrees", _SUSPENSE_ENTRIES)


def provider_statements_add_up() -> Iterator[Finding]:
    """Each daily statement opens where the one before closed and shows the sum of its lines."""
    yield from _findings("provider_statements_add_up", _STATEMENTS)


def _findings(check: str, sql: str) -> Iterator[Finding]:
    """A finding for each row of subject, expected and found cents."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        for subject, expected, found in cursor.fetchall():
            yield Finding(check, subject, int(expected), int(found))


_PAY_INS = """
WITH booked AS (
    SELECT entry.reference, sum(move.cents) AS cents, min(account.holder_id) AS person
    FROM ledger_entry AS entry
    JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS account ON account.id = move.credit_id AND account.role = 'cash'
    WHERE entry.kind = 'pay_in'
    GROUP BY entry.reference
), paid AS (
    SELECT 'payin:' || uuid AS reference, amount_cents AS cents, lender_id AS person
    FROM payments_payin WHERE status IN ('confirmed', 'taken_back')
)
SELECT coalesce(paid.reference, booked.reference), coalesce(paid.cents, 0),
       coalesce(booked.cents, 0)
FROM paid FULL JOIN booked USING (reference)
WHERE paid.cents IS DISTINCT FROM booked.cents OR paid.person IS DISTINCT FROM booked.person
ORDER BY 1
"""

_COLLECTIONS = """
WITH booked AS (
    SELECT entry.reference, sum(move.cents) AS cents, min(account.holder_id) AS person
    FROM ledger_entry AS entry
    JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS account ON account.id = move.credit_id AND account.role = 'cash'
    WHERE entry.kind = 'collection'
    GROUP BY entry.reference
), collected AS (
    SELECT 'collection:' || collection.uuid AS reference, collection.amount_cents AS cents,
           loan.borrower_id AS person
    FROM payments_collection AS collection
    JOIN lending_instalment AS instalment ON instalment.id = collection.instalment_id
    JOIN lending_loan AS loan ON loan.id = instalment.loan_id
    WHERE collection.status IN ('succeeded', 'taken_back')
)
SELECT coalesce(collected.reference, booked.reference), coalesce(collected.cents, 0),
       coalesce(booked.cents, 0)
FROM collected FULL JOIN booked USING (reference)
WHERE collected.cents IS DISTINCT FROM booked.cents
   OR collected.person IS DISTINCT FROM booked.person
ORDER BY 1
"""

_REPAYMENTS = """
SELECT 'collection:' || collection.uuid, collection.amount_cents,
       coalesce(repayment.amount_cents, 0)
FROM payments_collection AS collection
LEFT JOIN lending_repayment AS repayment ON repayment.id = collection.repayment_id
WHERE collection.status IN ('succeeded', 'taken_back')
  AND (NOT collection.is_passed_on
       OR repayment.amount_cents > collection.amount_cents
       OR (collection.status = 'taken_back' AND repayment.id IS NOT NULL
           AND repayment.reversed_on IS NULL)
       OR (repayment.id IS NOT NULL AND repayment.reference <> collection.uuid::text))
ORDER BY collection.id
"""

_KEPT = """
WITH kept AS (
    SELECT collection.uuid, collection.amount_cents + sum(line.amount_cents) AS cents
    FROM payments_collection AS collection
    JOIN payments_dispute AS dispute ON dispute.collection_id = collection.id
    JOIN payments_disputeline AS line ON line.dispute_id = dispute.id
    GROUP BY collection.id
)
SELECT 'collection:' || kept.uuid, kept.cents, sum(repayment.amount_cents)
FROM kept
JOIN lending_repayment AS repayment ON repayment.reversed_on IS NULL
    AND (repayment.reference = kept.uuid::text OR repayment.reference LIKE kept.uuid || ':%')
GROUP BY kept.uuid, kept.cents
HAVING sum(repayment.amount_cents) > kept.cents
ORDER BY 1
"""

_TAKEN_BACK = """
WITH booked AS (
    SELECT entry.reference, sum(move.cents) AS cents
    FROM ledger_entry AS entry
    JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS account ON account.id = move.credit_id AND account.role = 'provider'
    WHERE entry.kind = 'reversal'
    GROUP BY entry.reference
), returned AS (
    SELECT 'collection-returned:' || collection.uuid AS reference,
           collection.amount_cents AS cents
    FROM payments_collection AS collection
    LEFT JOIN lending_repayment AS repayment ON repayment.id = collection.repayment_id
    WHERE collection.status = 'taken_back'
      AND (repayment.id IS NULL OR repayment.reversed_on IS NOT NULL)
      AND NOT EXISTS (SELECT FROM payments_disputeline AS line
                      WHERE line.reference = 'collection-returned:' || collection.uuid)
    UNION ALL
    SELECT 'payin-returned:' || uuid, amount_cents FROM payments_payin
    WHERE status = 'taken_back'
      AND NOT EXISTS (SELECT FROM payments_disputeline AS line
                      WHERE line.reference = 'payin-returned:' || payments_payin.uuid)
    UNION ALL
    SELECT reference, -amount_cents FROM payments_disputeline WHERE amount_cents < 0
    UNION ALL
    SELECT 'refund:' || uuid, amount_cents FROM payments_refund
    WHERE status IN ('sent', 'done', 'failed')
)
SELECT coalesce(returned.reference, booked.reference), coalesce(returned.cents, 0),
       coalesce(booked.cents, 0)
FROM returned FULL JOIN booked USING (reference)
WHERE returned.cents IS DISTINCT FROM booked.cents
ORDER BY 1
"""

_CAME_AGAIN = """
WITH booked AS (
    SELECT entry.reference, sum(move.cents) AS cents
    FROM ledger_entry AS entry
    JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS account ON account.id = move.debit_id AND account.role = 'provider'
    WHERE entry.kind = 'reversal'
    GROUP BY entry.reference
), came AS (
    SELECT reference, amount_cents AS cents FROM payments_disputeline WHERE amount_cents > 0
    UNION ALL
    SELECT 'refund-failed:' || uuid, amount_cents FROM payments_refund WHERE status = 'failed'
)
SELECT coalesce(came.reference, booked.reference), coalesce(came.cents, 0),
       coalesce(booked.cents, 0)
FROM came FULL JOIN booked USING (reference)
WHERE came.cents IS DISTINCT FROM booked.cents
ORDER BY 1
"""

_DISPUTES = """
SELECT dispute.provider_id, CASE dispute.status WHEN 'lost' THEN dispute.amount_cents ELSE 0 END,
       coalesce(-sum(line.amount_cents), 0), dispute.word
FROM payments_dispute AS dispute
LEFT JOIN payments_disputeline AS line ON line.dispute_id = dispute.id
GROUP BY dispute.id
HAVING dispute.status = 'unknown'
    OR (dispute.status = 'lost' AND dispute.amount_cents <> coalesce(-sum(line.amount_cents), 0))
    OR (dispute.status = 'won' AND coalesce(sum(line.amount_cents), 0) <> 0)
ORDER BY dispute.id
"""

_IN_TRANSIT = """
WITH waiting AS (
    SELECT person_id, sum(amount_cents) AS cents FROM (
        SELECT person_id, amount_cents FROM payments_payout
        WHERE status IN ('requested', 'transferred', 'sent', 'failed')
           OR (status = 'returned' AND kind = 'disbursement')
        UNION ALL
        SELECT pay_in.lender_id, refund.amount_cents FROM payments_refund AS refund
        JOIN payments_payin AS pay_in ON pay_in.id = refund.pay_in_id
        WHERE refund.status = 'requested'
        UNION ALL
        SELECT loan.borrower_id, loan.principal_cents - loan.fee_cents
        FROM lending_loan AS loan
        WHERE NOT EXISTS (SELECT FROM payments_payout WHERE loan_id = loan.id)
    ) AS payout
    GROUP BY person_id
), held AS (
    SELECT holder_id AS person_id, balance_cents AS cents
    FROM ledger_account WHERE role = 'in_transit_out' AND balance_cents <> 0
)
SELECT 'in_transit_out:' || coalesce(waiting.person_id, held.person_id),
       coalesce(waiting.cents, 0), coalesce(held.cents, 0)
FROM waiting FULL JOIN held USING (person_id)
WHERE coalesce(waiting.cents, 0) <> coalesce(held.cents, 0)
ORDER BY 1
"""

_PAID = """
WITH paid AS (
    SELECT CASE round WHEN 1 THEN 'payout:' || uuid ELSE 'payout:' || uuid || ':' || round END
               AS reference, amount_cents AS cents
    FROM payments_payout WHERE status = 'paid'
), booked AS (
    SELECT entry.reference, sum(move.cents) AS cents
    FROM ledger_entry AS entry
    JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS account ON account.id = move.credit_id AND account.role = 'provider'
    WHERE entry.kind = 'payout'
    GROUP BY entry.reference
)
SELECT paid.reference, paid.cents, coalesce(booked.cents, 0)
FROM paid LEFT JOIN booked USING (reference)
WHERE paid.cents <> coalesce(booked.cents, 0)
ORDER BY 1
"""

_CHARGES = """
WITH charged AS (
    SELECT transaction_id, fee_cents AS cents FROM payments_payin WHERE fee_cents > 0
    UNION ALL
    SELECT transaction_id, fee_cents FROM payments_collection WHERE fee_cents > 0
    UNION ALL
    SELECT transaction_id, fee_cents FROM payments_disputeline WHERE fee_cents <> 0
), booked AS (
    SELECT substr(entry.reference, 8) AS transaction_id,
           sum(CASE account.role WHEN 'provider' THEN move.cents ELSE -move.cents END) AS cents
    FROM ledger_entry AS entry JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS account ON account.id = move.credit_id
    WHERE entry.kind = 'provider_charge'
    GROUP BY 1
)
SELECT 'charge:' || coalesce(charged.transaction_id, booked.transaction_id),
       coalesce(charged.cents, 0), coalesce(booked.cents, 0)
FROM charged FULL JOIN booked USING (transaction_id)
WHERE charged.cents IS DISTINCT FROM booked.cents
ORDER BY 1
"""

_UNFINISHED = """
SELECT 'op-' || uuid || '-' || attempt, status FROM payments_provideroperation
WHERE status IN ('created', 'sent', 'unknown') AND created_at < %s
ORDER BY id
"""

_SUSPENSE = """
WITH item AS (
    SELECT coalesce(sum(cents), 0) AS cents FROM payments_suspenseitem WHERE status <> 'settled'
), held AS (
    SELECT coalesce(sum(balance_cents), 0) AS cents FROM ledger_account WHERE role = 'suspense'
)
SELECT 'suspense', item.cents, held.cents FROM item, held WHERE item.cents <> held.cents
"""

_SUSPENSE_ENTRIES = """
WITH moved AS (
    SELECT entry.id, sum(CASE WHEN credit.role = 'suspense' THEN move.cents ELSE -move.cents END)
           AS cents
    FROM ledger_entry AS entry
    JOIN ledger_transfer AS move ON move.entry_id = entry.id
    JOIN ledger_account AS credit ON credit.id = move.credit_id
    JOIN ledger_account AS debit ON debit.id = move.debit_id
    WHERE 'suspense' IN (credit.role, debit.role)
    GROUP BY entry.id
), expected AS (
    SELECT entry_id AS id, cents FROM payments_suspenseitem
    UNION ALL
    SELECT resolution_id, -cents FROM payments_suspenseitem WHERE status = 'settled'
)
SELECT 'entry:' || coalesce(expected.id, moved.id), coalesce(expected.cents, 0),
       coalesce(moved.cents, 0)
FROM expected FULL JOIN moved USING (id)
WHERE expected.cents IS DISTINCT FROM moved.cents
ORDER BY 1
"""

_STATEMENTS = """
WITH stated AS (
    SELECT id, business_on, opening_cents, closing_cents, amount_cents - fee_cents AS cents,
           lag(closing_cents, 1, 0::bigint) OVER (ORDER BY business_on) AS closed_cents
    FROM payments_providerstatement
), line AS (
    SELECT statement_id AS id, sum(amount_cents - fee_cents) AS cents
    FROM payments_providerline WHERE statement_id IS NOT NULL GROUP BY 1
), kind AS (
    SELECT statement_id AS id, sum(amount_cents - fee_cents) AS cents
    FROM payments_statementrow GROUP BY 1
)
SELECT 'statement:' || stated.business_on, stated.closed_cents + coalesce(line.cents, 0),
       stated.closing_cents
FROM stated LEFT JOIN line USING (id) LEFT JOIN kind USING (id)
WHERE stated.opening_cents <> stated.closed_cents
   OR stated.cents <> coalesce(line.cents, 0) OR stated.cents <> coalesce(kind.cents, 0)
ORDER BY stated.business_on
"""
