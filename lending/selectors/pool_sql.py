"""The statements behind `pool_facts`; each goes on where the common heads end."""

from __future__ import annotations

from typing import Final

POOLS: Final = """
SELECT DISTINCT loan.grade, loan.term_months
FROM lending_holding AS holding JOIN lending_loan AS loan ON loan.id = holding.loan_id
WHERE holding.cover = 'pool'
ORDER BY 1, 2
"""

LENDERS: Final = """
SELECT DISTINCT holding.lender_id
FROM lending_holding AS holding JOIN lending_loan AS loan ON loan.id = holding.loan_id
WHERE holding.cover = 'pool' AND loan.grade = %(grade)s AND loan.term_months = %(term_months)s
"""

LATEST: Final = """
SELECT DISTINCT ON (month) id FROM lending_poolrun
WHERE grade = %(grade)s AND term_months = %(term_months)s
ORDER BY month, version DESC
"""

POOLED: Final = """
WITH pooled AS (
    SELECT loan.id, loan.principal_cents
    FROM lending_loan AS loan
    WHERE loan.grade = %(grade)s AND loan.term_months = %(term_months)s
      AND loan.withdrawn_on IS NULL
      AND EXISTS (SELECT FROM lending_holding WHERE loan_id = loan.id AND cover = 'pool')
), called AS (
    -- The version by which a loan was called due, unless new terms were agreed after it.
    SELECT DISTINCT ON (plan.loan_id) plan.loan_id, plan.version, plan.made_on, plan.made_at
    FROM lending_plan AS plan JOIN pooled ON pooled.id = plan.loan_id
    WHERE plan.reason = 'terminated' AND NOT EXISTS (
        SELECT FROM lending_plan AS later
        JOIN lending_instalment AS instalment
            ON instalment.plan_id = later.id AND instalment.kind = 'regular'
        WHERE later.loan_id = plan.loan_id AND later.version > plan.version
    )
    ORDER BY plan.loan_id, plan.version DESC
)"""

HOLDINGS: Final = """
SELECT holding.loan_id, holding.id, holding.principal_cents, holding.cover = 'pool'
FROM pooled JOIN lending_holding AS holding ON holding.loan_id = pooled.id
ORDER BY holding.id
"""

UNPAID: Final = """, scheduled AS (
    SELECT instalment.loan_id, instalment.due_on, instalment.principal_cents,
           instalment.paid_principal_cents
    FROM pooled
    JOIN lending_instalment AS instalment
        ON instalment.loan_id = pooled.id AND instalment.kind = 'regular'
    JOIN lending_plan AS plan ON plan.id = instalment.plan_id
    LEFT JOIN called ON called.loan_id = instalment.loan_id
    WHERE instalment.superseded_on IS NULL
       OR (instalment.superseded_on = called.made_on AND plan.version < called.version
           AND NOT EXISTS (
               SELECT FROM lending_plan AS between_them
               WHERE between_them.loan_id = instalment.loan_id
                 AND between_them.made_on = called.made_on
                 AND between_them.version > plan.version
                 AND between_them.version < called.version))
), waived AS (
    SELECT lost.loan_id, sum(lost.principal_cents) AS cents
    FROM lending_writeoff AS lost
    LEFT JOIN called ON called.loan_id = lost.loan_id
    WHERE lost.kind = 'waived' AND (called.loan_id IS NULL OR lost.at < called.made_at)
    GROUP BY 1
), early AS (
    SELECT loan_id, sum(principal_cents) AS cents FROM lending_instalment
    WHERE kind = 'early' AND superseded_on IS NULL GROUP BY 1
), planned AS (
    SELECT loan_id, sum(principal_cents) AS cents FROM scheduled GROUP BY 1
)
SELECT loan_id, date_trunc('month', due_on)::date, sum(principal_cents - paid_principal_cents)
FROM scheduled GROUP BY 1, 2
UNION ALL
-- What a loan called due owed beyond that plan: the rest of instalments that were paid in part.
SELECT called.loan_id, date_trunc('month', called.made_on)::date,
       pooled.principal_cents - coalesce(planned.cents, 0) - coalesce(early.cents, 0)
           - coalesce(waived.cents, 0)
FROM called
JOIN pooled ON pooled.id = called.loan_id
LEFT JOIN planned ON planned.loan_id = called.loan_id
LEFT JOIN early ON early.loan_id = called.loan_id
LEFT JOIN waived ON waived.loan_id = called.loan_id
ORDER BY 1, 2
"""

WAIVED: Final = """
SELECT share.holding_id, date_trunc('month', lost."on")::date, sum(share.principal_cents)
FROM pooled
JOIN lending_writeoff AS lost ON lost.loan_id = pooled.id AND lost.kind = 'waived'
JOIN lending_writeoffshare AS share ON share.write_off_id = lost.id
LEFT JOIN called ON called.loan_id = lost.loan_id
WHERE called.loan_id IS NULL OR lost.at < called.made_at
GROUP BY 1, 2
"""

PAID_PARTS: Final = """, part AS (
    SELECT part.repayment_id,
           CASE instalment.kind WHEN 'regular' THEN date_trunc('month', instalment.due_on)::date
                         WHEN 'called' THEN %(loose)s::date ELSE %(alone)s::date END AS month,
           sum(part.principal_cents) AS cents
    FROM pooled
    JOIN lending_repayment AS repayment
        ON repayment.loan_id = pooled.id AND repayment.reversed_on IS NULL
    JOIN lending_repaymentpart AS part ON part.repayment_id = repayment.id
    JOIN lending_instalment AS instalment ON instalment.id = part.instalment_id
    WHERE part.principal_cents > 0
    GROUP BY 1, 2
), target AS (
    SELECT repayment_id, min(month) AS month, count(*) AS months FROM part GROUP BY 1
)"""

RECEIVED: Final = """
SELECT share.holding_id, target.month, sum(share.principal_cents)
FROM target JOIN lending_repaymentshare AS share ON share.repayment_id = target.repayment_id
WHERE target.months = 1
GROUP BY 1, 2
UNION ALL
SELECT share.holding_id, %(loose)s::date, sum(share.recovered_cents)
FROM pooled
JOIN lending_repayment AS repayment
    ON repayment.loan_id = pooled.id AND repayment.reversed_on IS NULL
JOIN lending_repaymentshare AS share
    ON share.repayment_id = repayment.id AND share.recovered_cents > 0
GROUP BY 1, 2
"""

PARTS: Final = """
SELECT part.repayment_id, part.month, part.cents
FROM part JOIN target ON target.repayment_id = part.repayment_id AND target.months > 1
ORDER BY 1, 2
"""

SHARES: Final = """
SELECT share.repayment_id, share.holding_id, share.principal_cents
FROM target JOIN lending_repaymentshare AS share ON share.repayment_id = target.repayment_id
WHERE target.months > 1
ORDER BY 1, 2
"""
