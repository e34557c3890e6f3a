"""The words of a lender's overview of a year; for the tax return, and never a certificate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation

from accounts.models import User
from core.clock import day_of
from core.wording import day, euro
from lending.documents import pdf
from lending.selectors.statements import Span
from lending.selectors.tax_year import LoanYear, Loss, TaxYear, tax_year
from lending.services.statement_words import address_of


def tax_pdf(lender: User, span: Span, language: str, *, at: datetime) -> bytes:
    """The overview of the year in which the span begins, as a document."""
    return pdf("tax_year", tax_words(lender, span, language, at=at), at=at)


def tax_words(lender: User, span: Span, language: str, *, at: datetime) -> dict[str, Any]:
    """All that the document shows, in `language`."""
    told = tax_year(lender, span.from_on.year, span)
    with translation.override(language):
        return {
            "language": language,
            "number": f"A-{lender.pk:06d}/{told.year}",
            "year": str(told.year),
            "from": day(span.from_on),
            "to": day(span.to_on),
            "is_running": "yes" if day_of(at) < span.to_on else "",
            "made_on": day(day_of(at)),
            "address": address_of(lender),
            **_sums(told),
            "loans": [_loan(row) for row in told.loans],
            "losses": [_loss(loss) for loss in told.losses],
        }


def _sums(told: TaxYear) -> dict[str, str]:
    return {
        "interest": euro(told.interest_cents),
        "default_interest": euro(told.default_interest_cents),
        "income": euro(told.income_cents),
        "fees": euro(told.fee_cents),
        "recovered": euro(told.recovered_cents),
        "lost": euro(told.lost_cents),
        "principal": euro(told.principal_cents),
        "pool": euro(told.pool_cents),
    }


def _loan(row: LoanYear) -> list[str]:
    number, *cents = row
    return [number, *(euro(each) for each in cents)]


def _loss(loss: Loss) -> list[str]:
    proof = f"{loss.reference} ({loss.entry_id})"
    return [loss.number, day(loss.on), str(loss.kind.label), proof, euro(loss.cents)]
