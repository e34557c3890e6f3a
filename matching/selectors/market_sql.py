"""The set-based reads from which the market is made; all of them see one moment."""

from __future__ import annotations

from typing import Final

LENDERS: Final = """
SELECT active.lender_id,
       greatest(coalesce(money.cash_cents, 0) - active.reserve_cents, 0)::bigint,
       greatest(%(on)s - (coalesce(last.placed_at, person.date_joined)
           AT TIME ZONE %(zone)s)::date, 0),
       coalesce(money.all_cents, 0)::bigint,
       coalesce(carry.owed_cents, 0)
FROM (
    SELECT lender_id, max(reserve_cents) AS reserve_cents
    FROM lending_mandate
    WHERE status = 'active' AND (end_on IS NULL OR end_on >= %(on)s)
      AND (%(mandate_ids)s::bigint[] IS NULL OR id = ANY(%(mandate_ids)s))
    GROUP BY lender_id
) AS active
JOIN accounts_user AS person ON person.id = active.lender_id
    AND person.is_active AND person.role = 'lender'
LEFT JOIN (
    SELECT holder_id, sum(balance_cents) AS all_cents,
           sum(balance_cents) FILTER (WHERE role = 'cash') AS cash_cents
    FROM ledger_account
    WHERE role IN ('cash', 'reserved', 'invested')
    GROUP BY holder_id
) AS money ON money.holder_id = active.lender_id
LEFT JOIN LATERAL (
    SELECT placed_at FROM lending_offer
    WHERE lender_id = active.lender_id
    ORDER BY placed_at DESC LIMIT 1
) AS last ON true
LEFT JOIN matching_lendercarry AS carry ON carry.lender_id = active.lender_id
"""
"""Cash is net of the largest reserve among a lender's active mandates, so that each one's promise
to keep cash free holds whichever of them lends. Idle are the days since money was last placed;
they are calendar days, so that a market does not change by the mere passing of minutes."""

MANDATES: Final = """
SELECT id, lender_id, priority, grades, terms, purposes,
       (coalesce(min_rate, 0) * 100000)::bigint,
       (coalesce(max_rate, 10) * 100000)::bigint,
       max_mark, min_stake_cents, max_per_loan_cents, max_per_borrower_cents,
       budget_cents, max_per_grade_cents,
       coalesce(preferred_stake_cents, 0), (min_net_rate * 100000)::bigint,
       regions, employments, min_amount_cents, max_amount_cents, max_age_days,
       min_funded_percent, no_late_payers
FROM lending_mandate
WHERE status = 'active' AND (end_on IS NULL OR end_on >= %(on)s)
  AND (%(mandate_ids)s::bigint[] IS NULL OR id = ANY(%(mandate_ids)s))
"""

SPENT: Final = """
SELECT offer.mandate_id, request.grade,
       sum(offer.amount_cents - coalesce(
           CASE WHEN mandate.reinvest IN ('principal', 'all') THEN offer.amount_cents
               * (holding.principal_cents - holding.outstanding_cents - holding.written_off_cents)
               / holding.principal_cents ELSE 0 END
           + CASE WHEN mandate.reinvest IN ('interest', 'all') THEN offer.amount_cents
               * holding.interest_cents / holding.principal_cents ELSE 0 END, 0))::bigint,
       sum(CASE offer.status WHEN 'open' THEN offer.amount_cents
           ELSE -(-offer.amount_cents * holding.outstanding_cents / holding.principal_cents)
           END)::bigint
FROM lending_offer AS offer
JOIN lending_mandate AS mandate ON mandate.id = offer.mandate_id
    AND mandate.status = 'active'
    AND (mandate.budget_cents IS NOT NULL OR mandate.max_per_grade_cents <> '{}')
JOIN lending_loanrequest AS request ON request.id = offer.request_id
LEFT JOIN lending_loan AS loan ON loan.request_id = offer.request_id
LEFT JOIN lending_holding AS holding
    ON holding.loan_id = loan.id AND holding.lender_id = offer.lender_id
WHERE offer.status IN ('open', 'converted')
GROUP BY offer.mandate_id, request.grade
"""
"""What a mandate has placed in each grade: ever, less what came back and is to be lent again
(counts for its budget), and what of it is still lent or offered (counts for the limit per grade).
"""

REQUESTS: Final = """
SELECT request.id, request.borrower_id,
       (request.amount_cents - request.funded_cents)::bigint,
       request.amount_cents, coalesce(placed.cents, 0)::bigint, request.listed_at,
       request.grade, request.term_months, request.purpose,
       coalesce(request.affordability_mark, 5),
       (request.annual_rate * 100000)::bigint,
       request.deadline_on - %(on)s,
       request.price_rule, (coalesce(request.floor_rate, request.annual_rate) * 100000)::bigint,
       request.least_percent, request.funded_cents,
       (request.listed_at AT TIME ZONE %(zone)s)::date,
       left(coalesce(profile.postcode, ''), 1), coalesce(application.employment, ''),
       EXISTS (
           SELECT 1 FROM lending_loanevent AS event
           JOIN lending_loan AS loan ON loan.id = event.loan_id
           WHERE loan.borrower_id = request.borrower_id AND event.kind IN ('late', 'defaulted')
       )
FROM lending_loanrequest AS request
LEFT JOIN accounts_profile AS profile ON profile.user_id = request.borrower_id
LEFT JOIN lending_application AS application ON application.request_id = request.id
LEFT JOIN (
    SELECT request_id, sum(amount_cents) AS cents
    FROM lending_offer
    WHERE status = 'open' AND source = 'mandate'
    GROUP BY request_id
) AS placed ON placed.request_id = request.id
WHERE request.status = 'listed' AND request.deadline_on >= %(on)s
  AND request.funded_cents < request.amount_cents
"""

EXPOSURES: Final = """
SELECT holding.lender_id, loan.borrower_id, holding.outstanding_cents
FROM lending_holding AS holding
JOIN lending_loan AS loan ON loan.id = holding.loan_id
WHERE holding.outstanding_cents > 0 AND loan.borrower_id = ANY(%(borrower_ids)s)
UNION ALL
SELECT offer.lender_id, request.borrower_id, offer.amount_cents
FROM lending_offer AS offer
JOIN lending_loanrequest AS request ON request.id = offer.request_id
WHERE offer.status = 'open' AND request.borrower_id = ANY(%(borrower_ids)s)
"""

OFFERS: Final = """
SELECT lender_id, request_id, amount_cents
FROM lending_offer
WHERE status = 'open' AND request_id = ANY(%(request_ids)s)
"""
