"""Proofs of the life of requests and loans: funded whole, moved along their tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.findings import Finding
from lending.states import (
    ARREARS_TRANSITIONS,
    CHANGE_TRANSITIONS,
    LOAN_TRANSITIONS,
    REQUEST_TRANSITIONS,
    ArrearsStage,
    ChangeStatus,
    LoanStatus,
    RequestStatus,
)
from lending.verify.breaches import breaches


def requests_fully_funded_when_disbursed() -> Iterator[Finding]:
    """A loan has a request that offers covered whole, and each lender holds what they bid."""
    for sql in (_LOANS_ARE_FUNDED, _HOLDINGS_EQUAL_OFFERS, _DISBURSED_HAVE_LOANS):
        yield from breaches("requests_fully_funded_when_disbursed", sql)


def states_follow_the_graph() -> Iterator[Finding]:
    """The audit rows of each request, loan, change or case form a path of its table."""
    yield from breaches("states_follow_the_graph", _STATES, _graph())


def _graph() -> dict[str, object]:
    """Where each table starts, and its edges as columns."""
    tables = {
        "lending.loanrequest": REQUEST_TRANSITIONS,
        "lending.loan": LOAN_TRANSITIONS,
        "lending.planchange": CHANGE_TRANSITIONS,
        "lending.arrearscase": ARREARS_TRANSITIONS,
    }
    edges = [
        (model, str(before), str(after))
        for model, table in tables.items()
        for before, followers in table.items()
        for after in followers
    ]
    models, befores, afters = (list(column) for column in zip(*edges, strict=True))
    return {
        "models": models,
        "befores": befores,
        "afters": afters,
        "first_request": str(RequestStatus.DRAFT),
        "first_loan": str(LoanStatus.ACTIVE),
        "first_change": str(ChangeStatus.ASKED),
        "first_stage": str(ArrearsStage.LATE),
    }


_LOANS_ARE_FUNDED: Final = """
SELECT loan.number, loan.principal_cents, figure.cents, figure.name
FROM lending_loan AS loan
JOIN lending_loanrequest AS request ON request.id = loan.request_id
LEFT JOIN (SELECT request_id,
                  sum(amount_cents) FILTER (WHERE status = 'converted') AS converted,
                  sum(amount_cents) FILTER (WHERE status = 'open') AS open
           FROM lending_offer GROUP BY 1) AS offered ON offered.request_id = request.id
CROSS JOIN LATERAL (
    VALUES ('granted', request.funded_cents),
           ('asked for', CASE WHEN request.funded_cents * 100
                                   >= request.amount_cents * request.least_percent
                              THEN loan.principal_cents ELSE request.amount_cents END),
           ('offers', coalesce(offered.converted, 0) + coalesce(offered.open, 0)),
           ('disbursed request', CASE request.status WHEN 'disbursed' THEN loan.principal_cents
                                 ELSE 0 END)
) AS figure (name, cents)
WHERE loan.principal_cents <> figure.cents
ORDER BY loan.id, 4
"""

_HOLDINGS_EQUAL_OFFERS: Final = """
SELECT coalesce(held.number, offered.number) || ' person:'
       || coalesce(held.lender_id, offered.lender_id),
       coalesce(offered.cents, 0), coalesce(held.cents, 0), 'holding and offers'
FROM (SELECT loan.number, holding.lender_id, holding.principal_cents AS cents
      FROM lending_holding AS holding JOIN lending_loan AS loan ON loan.id = holding.loan_id)
    AS held
FULL JOIN (SELECT loan.number, offer.lender_id, sum(offer.amount_cents) AS cents
           FROM lending_offer AS offer
           JOIN lending_loan AS loan ON loan.request_id = offer.request_id
           WHERE offer.status = 'converted' GROUP BY 1, 2)
    AS offered ON offered.number = held.number AND offered.lender_id = held.lender_id
WHERE coalesce(offered.cents, 0) <> coalesce(held.cents, 0)
ORDER BY 1
"""

_DISBURSED_HAVE_LOANS: Final = """
SELECT 'request:' || request.id, request.amount_cents, 0, 'no loan'
FROM lending_loanrequest AS request
WHERE request.status = 'disbursed'
  AND NOT EXISTS (SELECT FROM lending_loan WHERE request_id = request.id)
ORDER BY request.id
"""

_STATES: Final = """
WITH edge AS (
    SELECT * FROM unnest(%(models)s::text[], %(befores)s::text[], %(afters)s::text[])
        AS edge (model, before, after)
), thing AS (
    SELECT 'lending.loanrequest' AS model, 'lending.loanrequest:' || id AS subject, status,
           %(first_request)s AS first
    FROM lending_loanrequest
    UNION ALL
    SELECT 'lending.loan', 'lending.loan:' || id, status, %(first_loan)s FROM lending_loan
    UNION ALL
    SELECT 'lending.planchange', 'lending.planchange:' || id, status, %(first_change)s
    FROM lending_planchange
    UNION ALL
    SELECT 'lending.arrearscase', 'lending.arrearscase:' || id, status, %(first_stage)s
    FROM lending_arrearscase
), step AS (
    SELECT thing.model, thing.subject, row.id, row.before, row.after,
           lag(row.after, 1, thing.first) OVER walk AS previous,
           lead(row.id) OVER walk IS NULL AS is_last, thing.status
    FROM thing
    JOIN core_auditrow AS row ON row.subject = thing.subject AND row.action = 'status'
    WINDOW walk AS (PARTITION BY thing.subject ORDER BY row.id)
)
SELECT subject, 0, 1, 'no such move: ' || before || ' > ' || after FROM step
WHERE NOT EXISTS (
    SELECT FROM edge
    WHERE edge.model = step.model AND edge.before = step.before AND edge.after = step.after
)
UNION ALL
SELECT subject, 0, 1, 'was ' || previous || ', moved from ' || before FROM step
WHERE previous <> before
UNION ALL
SELECT subject, 0, 1, 'last moved to ' || after || ', is ' || status FROM step
WHERE is_last AND after <> status
UNION ALL
SELECT subject, 0, 1, 'never moved, is ' || status FROM thing
WHERE status <> first AND NOT EXISTS (SELECT FROM step WHERE step.subject = thing.subject)
ORDER BY 1, 4
"""
