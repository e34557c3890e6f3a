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
