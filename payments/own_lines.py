"""What our rows say must stand in the provider's books: one line each, as one piece of SQL.

Whoever adds a row that the provider books adds its SELECT here: the name of our entry (or of the
request, where there is none), the provider's line, its amount and charge, the day where no entry
says it, the types that such a line may have, and the instant at which we began, before which the
provider cannot have booked it. A row whose line is not known has "" for it.
"""

from __future__ import annotations

from typing import Final

_DEBITED_BACK: Final = "'{adjustment,payment_failure_refund,payment_reversal}'::text[]"

OWN_LINES: Final = f"""
    SELECT 'payin:' || uuid AS reference, transaction_id, amount_cents, fee_cents,
           NULL::date AS own_on, '{{charge,payment}}'::text[] AS kinds, created_at AS begun_at
    FROM payments_payin
    WHERE transaction_id <> '' OR status IN ('confirmed', 'taken_back')
UNION ALL
    SELECT 'payin-returned:' || uuid, return_transaction_id, -amount_cents, 0, NULL,
           {_DEBITED_BACK}, created_at
    FROM payments_payin
    WHERE (return_transaction_id <> '' OR status = 'taken_back')
      AND NOT EXISTS (SELECT FROM payments_disputeline AS line
                      WHERE line.reference = 'payin-returned:' || payments_payin.uuid)
UNION ALL
    SELECT 'collection:' || uuid, transaction_id, amount_cents, fee_cents, NULL,
           '{{charge,payment}}', created_at
    FROM payments_collection
    WHERE transaction_id <> '' OR status IN ('succeeded', 'taken_back')
UNION ALL
    SELECT 'collection-returned:' || uuid, return_transaction_id, -amount_cents, 0, NULL,
           {_DEBITED_BACK}, created_at
    FROM payments_collection
    WHERE (return_transaction_id <> '' OR status = 'taken_back')
      AND NOT EXISTS (SELECT FROM payments_disputeline AS line
                      WHERE line.reference = 'collection-returned:' || payments_collection.uuid)
UNION ALL
    SELECT line.reference, line.transaction_id, line.amount_cents, line.fee_cents, NULL,
           {_DEBITED_BACK}, NULL
    FROM payments_disputeline AS line
UNION ALL
    SELECT 'refund:' || uuid, transaction_id, -amount_cents, 0, NULL,
           '{{payment_refund,refund}}', asked_at
    FROM payments_refund WHERE transaction_id <> '' OR status IN ('sent', 'done', 'failed')
UNION ALL
    SELECT 'refund-failed:' || uuid, failure_id, amount_cents, 0, NULL,
           '{{payment_failure_refund,refund_failure}}', asked_at
    FROM payments_refund WHERE failure_id <> '' OR status = 'failed'
UNION ALL
    SELECT 'capital:' || uuid, transaction_id, amount_cents, 0, NULL, '{{topup}}', created_at
    FROM payments_capitalpayment WHERE transaction_id <> '' OR status = 'confirmed'
UNION ALL
    SELECT kind || ':' || subject, transaction_id,
           CASE kind WHEN 'transfer' THEN -1 ELSE 1 END * (params ->> 'amount_cents')::bigint, 0,
           NULL,
           CASE kind WHEN 'transfer' THEN '{{transfer}}'
                     ELSE '{{transfer_refund,transfer_reversal}}' END::text[], created_at
    FROM payments_provideroperation
    WHERE status = 'confirmed' AND kind IN ('transfer', 'reversal')
"""  # noqa: S608 - our own words
