"""The loan book as a file for everyone: every loan and every request, and nobody to be known by it.

A key names the same loan in every file but says nothing outside it; days are cut down to months.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from django.db.models import Q
from django.utils.crypto import salted_hmac

from core.clock import day_of
from lending.domain.default_rates import months_between
from lending.models import LoanRequest
from lending.selectors.loan_book import BookedLoan, loan_book
from lending.states import RequestStatus

COLUMNS: Final = (
    "as_of",
    "entry",
    "key",
    "month",
    "grade",
    "purpose",
    "price_rule",
    "term_months",
    "annual_rate",
    "amount_cents",
    "state",
    "bucket",
    "months_on_book",
    "outstanding_cents",
    "repaid_cents",
    "interest_cents",
    "default_interest_cents",
    "lender_fee_cents",
    "written_off_cents",
    "recovered_cents",
    "default_month",
    "closed_month",
)
_OPEN: Final = (RequestStatus.LISTED, RequestStatus.FILLED, RequestStatus.ACCEPTED)


def public_book(on: date) -> Iterator[tuple[Any, ...]]:
    """Rows of `COLUMNS` as of the end of `on`: loans by month of payout, then requests."""
    for loan in loan_book(on):
        yield _loan_row(loan)
    yield from _request_rows(on)


def _loan_row(loan: BookedLoan) -> tuple[Any, ...]:
    return (
        loan.on,
        "loan",
        _key("loan", loan.loan_id),
        _month(loan.disbursed_on),
        loan.grade,
        loan.purpose,
        loan.price_rule,
        loan.term_months,
        loan.annual_rate,
        loan.principal_cents,
        loan.state,
        loan.bucket,
        months_between(loan.disbursed_on, loan.closed_on or loan.on),
        loan.outstanding_cents,
        loan.repaid_cents,
        loan.interest_cents,
        loan.default_interest_cents,
        loan.fee_cents,
        loan.written_off_cents,
        loan.recovered_cents,
        _month(loan.defaulted_on),
        _month(loan.closed_on),
    )


def _request_rows(on: date) -> Iterator[tuple[Any, ...]]:
    """Requests that were listed and are no loan: still open, or gone without one."""
    without = Q(loan__isnull=True) | Q(loan__disbursed_on__gt=on)
    asked = LoanRequest.objects.filter(without, listed_at__isnull=False).order_by("listed_at", "id")
    columns = ("id", "listed_at", "grade", "purpose", "price_rule", "term_months", "annual_rate")
    rows = asked.values_list(*columns, "amount_cents", "status").iterator()
    for request_id, listed_at, *terms, status in rows:
        if day_of(listed_at) > on:
            continue
        state = "open" if status in (*_OPEN, RequestStatus.DISBURSED) else "unfunded"
        head = (on, "request", _key("request", request_id), _month(day_of(listed_at)))
        yield (*head, *terms, state, *[None] * 11)


def _key(kind: str, row_id: int) -> str:
    return salted_hmac("lending.public_book", f"{kind}:{row_id}").hexdigest()[:16]


def _month(day: date | None) -> str | None:
    return day and f"{day:%Y-%m}"
