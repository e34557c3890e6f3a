"""Every loan since the market opened, as the books stood at the end of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import connection

from lending.domain.default_rates import Life
from lending.domain.returns import Bucket, Claim, claim_bucket, haircut_value


@dataclass(frozen=True, slots=True)
class BookedLoan:
    """One loan; figures are sums up to the end of `on`.

    Attributes:
        fee_cents: what lenders paid of what they received.
        defaulted_on: the first time; it may have been cured since.
        closed_on: when nothing was owed any more, if that was so by then.
    """

    on: date
    loan_id: int
    grade: str
    purpose: str
    price_rule: str
    term_months: int
    annual_rate: Decimal
    disbursed_on: date
    principal_cents: int
    repaid_cents: int
    interest_cents: int
    default_interest_cents: int
    fee_cents: int
    written_off_cents: int
    recovered_cents: int
    oldest_due_on: date | None
    in_default: bool
    defaulted_on: date | None
    closed_on: date | None
    was_withdrawn_from: bool

    @property
    def is_withdrawn(self) -> bool:
        """Whether the borrower withdrew from the contract and gave all of it back."""
        return self.was_withdrawn_from and self.closed_on is not None and not self.written_off_cents

    @property
    def outstanding_cents(self) -> int:
        """Principal still owed to the lenders' books."""
        return self.principal_cents - self.repaid_cents - self.written_off_cents

    @property
    def bucket(self) -> Bucket:
        """Of arrears; "over-90" for all in default."""
        return claim_bucket(self.oldest_due_on, self.on, in_default=self.in_default)

    @property
    def claim(self) -> Claim:
        """What is outstanding, and what it counts for."""
        cents = self.outstanding_cents
        return Claim(self.bucket, cents, haircut_value(cents, self.bucket), 1)

    @property
    def state(self) -> str:
        """One word for how the loan stands."""
        if self.is_withdrawn:
            return "withdrawn"
        if not self.outstanding_cents:
            return "lost" if self.written_off_cents else "repaid"
        if self.in_default:
            return "default"
        return "on_time" if self.bucket == "current" else "late"

    @property
    def life(self) -> Life:
        """What default rates are counted from."""
        return Life(self.disbursed_on, self.defaulted_on, self.closed_on)


def loan_book(on: date) -> list[BookedLoan]:
    """All loans paid out up to `on`, the earliest first, by one query."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, {"on": on})
        return [BookedLoan(on, *row) for row in cursor.fetchall()]


_BOOK: Final = """
WITH paid AS (
    SELECT loan_id, sum(principal_cents) AS principal, sum(interest_cents) AS interest,
           sum(default_interest_cents) AS default_interest, sum(fee_cents) AS fee,
           sum(recovered_cents) AS recovered, max(received_on) AS last_on
    FROM lending_repayment
    WHERE received_on <= %(on)s AND (reversed_on IS NULL OR reversed_on > %(on)s)
    GROUP BY 1
), lost AS (
    SELECT loan_id, sum(principal_cents) AS principal, max("on") AS last_on
    FROM lending_writeoff WHERE "on" <= %(on)s GROUP BY 1
), late AS (
    SELECT instalment.loan_id, min(instalment.due_on) AS due_on
    FROM lending_instalment AS instalment
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(part.principal_cents + part.interest_cents), 0) AS cents
        FROM lending_repaymentpart AS part
        JOIN lending_repayment AS repayment
            ON repayment.id = part.repayment_id AND repayment.received_on <= %(on)s
            AND (repayment.reversed_on IS NULL OR repayment.reversed_on > %(on)s)
        WHERE part.instalment_id = instalment.id
    ) AS covered
    WHERE instalment.due_on < %(on)s
      AND (instalment.paid_on IS NULL OR instalment.paid_on > %(on)s)
      AND (instalment.superseded_on IS NULL OR instalment.superseded_on > %(on)s)
      AND covered.cents < instalment.principal_cents + instalment.interest_cents
    GROUP BY 1
), told AS (
    SELECT loan_id, min("on") FILTER (WHERE kind = 'defaulted') AS defaulted_on,
           coalesce(max(id) FILTER (WHERE kind = 'defaulted'), 0)
               > coalesce(max(id) FILTER (WHERE kind <> 'withdrawn' AND kind <> 'defaulted'), 0)
               AS in_default,
           bool_or(kind = 'withdrawn') AS is_withdrawn
    FROM lending_loanevent
    WHERE "on" <= %(on)s
      AND (kind IN ('defaulted', 'sound', 'withdrawn') OR key LIKE 'cured:change:%%')
    GROUP BY 1
), stood AS (
    SELECT loan.id, loan.grade, request.purpose, request.price_rule, loan.term_months,
           loan.annual_rate, loan.disbursed_on, loan.principal_cents,
           coalesce(paid.principal, 0) AS repaid, coalesce(paid.interest, 0) AS interest,
           coalesce(paid.default_interest, 0) AS default_interest, coalesce(paid.fee, 0) AS fee,
           coalesce(lost.principal, 0) AS lost, coalesce(paid.recovered, 0) AS recovered,
           late.due_on, coalesce(told.in_default, false) AS in_default, told.defaulted_on,
           greatest(paid.last_on, lost.last_on) AS last_on,
           coalesce(told.is_withdrawn, false) AS is_withdrawn
    FROM lending_loan AS loan
    JOIN lending_loanrequest AS request ON request.id = loan.request_id
    LEFT JOIN paid ON paid.loan_id = loan.id
    LEFT JOIN lost ON lost.loan_id = loan.id
    LEFT JOIN late ON late.loan_id = loan.id
    LEFT JOIN told ON told.loan_id = loan.id
    WHERE loan.disbursed_on <= %(on)s
)
SELECT id, grade, purpose, price_rule, term_months, annual_rate, disbursed_on, principal_cents,
       repaid::bigint, interest::bigint, default_interest::bigint, fee::bigint, lost::bigint,
       recovered::bigint, due_on, in_default, defaulted_on,
       CASE WHEN repaid + lost = principal_cents THEN last_on END, is_withdrawn
FROM stood
ORDER BY disbursed_on, id
"""
