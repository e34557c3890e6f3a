"""What a lender received and lost in a calendar year: what came in counts, on the day it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db import connection

from accounts.models import User
from lending.models import WriteOffKind, WriteOffShare
from lending.selectors.reasons_of_moves import Reason
from lending.selectors.statements import Span, Statement, statement_for


class LoanYear(NamedTuple):
    """One loan's part of the year, payments that were taken back subtracted."""

    number: str
    interest_cents: int
    default_interest_cents: int
    recovered_cents: int
    fee_cents: int
    principal_cents: int


@dataclass(frozen=True)
class Loss:
    """Principal given up; `entry_id` and `reference` name the journal entry that proves it."""

    number: str
    on: date
    kind: WriteOffKind
    cents: int
    entry_id: int
    reference: str


@dataclass(frozen=True)
class TaxYear:
    """The year from the ledger, loan by loan from the shares of payments, and the losses."""

    year: int
    statement: Statement
    loans: Sequence[LoanYear]
    losses: Sequence[Loss]

    @property
    def interest_cents(self) -> int:
        """Contract interest received."""
        return self.statement.change_cents(Reason.INTEREST_RECEIVED, Reason.INTEREST_TAKEN_BACK)

    @property
    def default_interest_cents(self) -> int:
        """Default interest received."""
        return self.statement.change_cents(
            Reason.LATE_INTEREST_RECEIVED, Reason.LATE_INTEREST_TAKEN_BACK
        )

    @property
    def income_cents(self) -> int:
        """Both kinds of interest, before fees."""
        return self.interest_cents + self.default_interest_cents

    @property
    def fee_cents(self) -> int:
        """Service fees paid; shown apart, they do not reduce the income."""
        return -self.statement.change_cents(Reason.LENDER_FEE, Reason.FEE_RETURNED)

    @property
    def recovered_cents(self) -> int:
        """What came in on principal that had been written off."""
        return self.statement.change_cents(Reason.RECOVERED, Reason.RECOVERY_TAKEN_BACK)

    @property
    def principal_cents(self) -> int:
        """Principal that came back, which is no income."""
        return self.statement.change_cents(Reason.PRINCIPAL_RETURNED, Reason.PRINCIPAL_TAKEN_BACK)

    @property
    def pool_cents(self) -> int:
        """Principal received from grade pools less what was paid into them."""
        return self.statement.change_cents(Reason.POOL_RECEIVED, Reason.POOL_PAID)

    @property
    def lost_cents(self) -> int:
        """All losses of the year."""
        return sum(loss.cents for loss in self.losses)


def year_span(year: int) -> Span:
    """The days of a calendar year."""
    return Span(date(year, 1, 1), date(year, 12, 31))


def tax_year(lender: User, year: int, span: Span | None = None) -> TaxYear:
    """The figures of one lender and year, by three queries."""
    span = span or year_span(year)
    return TaxYear(
        year=year,
        statement=statement_for(lender, span),
        loans=_loans(lender, span),
        losses=_losses(lender, span),
    )


def tax_years(first: date, until: date) -> list[int]:
    """Years from the one of the first booking on, newest first."""
    return list(range(until.year, first.year - 1, -1))


def _loans(lender: User, span: Span) -> list[LoanYear]:
    with connection.cursor() as cursor:
        values = {"lender": lender.pk, "from_on": span.from_on, "to_on": span.to_on}
        cursor.execute(_LOANS, values)
        return [
            LoanYear(number, *(int(each) for each in cents)) for number, *cents in cursor.fetchall()
        ]


def _losses(lender: User, span: Span) -> list[Loss]:
    rows = WriteOffShare.objects.filter(
        holding__lender=lender, write_off__on__range=(span.from_on, span.to_on)
    ).select_related("write_off__loan", "write_off__entry")
    return [
        Loss(
            number=row.write_off.loan.number,
            on=row.write_off.on,
            kind=WriteOffKind(row.write_off.kind),
            cents=row.principal_cents,
            entry_id=row.write_off.entry_id,
            reference=row.write_off.entry.reference,
        )
        for row in rows.order_by("write_off__on", "id")
    ]


_LOANS: Final = """
WITH paid AS (
    SELECT share.*, CASE WHEN day.is_back THEN -1 ELSE 1 END AS sign
    FROM lending_holding AS holding
    JOIN lending_repaymentshare AS share ON share.holding_id = holding.id
    JOIN lending_repayment AS repayment ON repayment.id = share.repayment_id
    CROSS JOIN LATERAL (
        VALUES (repayment.received_on, false), (repayment.reversed_on, true)
    ) AS day ("on", is_back)
    WHERE holding.lender_id = %(lender)s AND day."on" BETWEEN %(from_on)s AND %(to_on)s
)
SELECT loan.number, sum(sign * paid.interest_cents), sum(sign * paid.default_interest_cents),
       sum(sign * paid.recovered_cents), sum(sign * paid.fee_cents),
       sum(sign * paid.principal_cents)
FROM paid
JOIN lending_holding AS holding ON holding.id = paid.holding_id
JOIN lending_loan AS loan ON loan.id = holding.loan_id
GROUP BY loan.id, loan.number
ORDER BY loan.id
"""
