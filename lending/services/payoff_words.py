"""The words of the letter that confirms a repaid loan to its borrower."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import Sum
from django.utils import translation

from core.clock import day_of
from core.wording import day, euro, number
from lending.documents import pdf
from lending.models import Loan, Repayment, RepaymentKind
from lending.services.contract_figures import contract_number
from lending.services.statement_words import address_of

_SUMS: Final = (
    "amount_cents",
    "principal_cents",
    "interest_cents",
    "default_interest_cents",
    "costs_cents",
    "recovered_cents",
    "fee_refund_cents",
)


def payoff_pdf(words: Mapping[str, Any], *, at: datetime) -> bytes:
    """The letter as a document."""
    return pdf("payoff", words, at=at)


def payoff_words(loan: Loan, language: str, *, at: datetime) -> dict[str, Any]:
    """What was lent and all that was paid, in `language`; payments taken back are left out."""
    kept = Repayment.objects.filter(loan=loan, reversed_on__isnull=True)
    sums = kept.aggregate(**{name: Sum(name, default=0) for name in _SUMS})
    last = kept.order_by("received_on", "id").last()
    with translation.override(language):
        return {
            "language": language,
            "number": loan.number,
            "contract": contract_number(loan.request),
            "title": loan.request.title,
            "made_on": day(day_of(at)),
            "address": address_of(loan.borrower),
            "lent": euro(loan.principal_cents),
            "lent_on": day(loan.disbursed_on),
            "closed_on": day(loan.closed_on or day_of(at)),
            "is_early": "yes" if last and last.kind == RepaymentKind.EARLY else "",
            "payments": number(kept.count()),
            "paid": euro(sums["amount_cents"]),
            "principal": euro(sums["principal_cents"]),
            "interest": euro(sums["interest_cents"]),
            "default_interest": euro(sums["default_interest_cents"]),
            "costs": euro(sums["costs_cents"]),
            "recovered": euro(sums["recovered_cents"]) if sums["recovered_cents"] else "",
            "fee_refund": euro(sums["fee_refund_cents"]) if sums["fee_refund_cents"] else "",
            "outstanding": euro(loan.outstanding_cents),
        }
