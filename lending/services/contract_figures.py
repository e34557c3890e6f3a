"""The figures of a contract: one source for contract, pre-contract information and archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db.models import Sum
from django.utils import translation

from core.clock import day_of
from core.money import to_cents
from core.wording import day, euro, instant, percent
from lending.choices import FirstPeriod, Purpose
from lending.domain.quote import Quote, first_due_date, quote
from lending.errors import NotReady
from lending.models import LoanRequest
from lending.selectors.contract_withdrawals import withdraw_until
from lending.selectors.offers import open_offers

_DAYS_OF_YEAR: Final = 360
"""A day's interest in the withdrawal notice, as the page of withdrawing counts it."""


def contract_number(request: LoanRequest) -> str:
    """The number that contract and pre-contract information of a request bear."""
    return f"V-{request.pk:06d}"


def quote_of(request: LoanRequest, *, disbursed_on: date) -> Quote:
    """The loan that a priced request becomes if it is paid out on `disbursed_on`.

    Raises NotReady while the request has no rate yet.
    """
    if request.annual_rate is None or request.borrower_fee_rate is None:
        raise NotReady(field="annual_rate")
    return quote(
        request.granted_cents,
        request.annual_rate,
        request.term_months or 0,
        disbursed_on,
        first_due_date(disbursed_on, request.due_day),
        request.borrower_fee_rate,
        first_period=FirstPeriod(request.first_period).rule,
    )


def figures_of(request: LoanRequest, *, at: datetime) -> dict[str, Any]:
    """Everything that the documents show, as plain JSON: cents, fractions as text, ISO dates.

    It assumes payout on the day of `at`.
    """
    loan = quote_of(request, disbursed_on=day_of(at))
    profile = request.borrower.profile
    return {
        "number": contract_number(request),
        "as_of": at.isoformat(),
        "title": request.title,
        "purpose": request.purpose,
        "grade": request.grade,
        "mark": request.affordability_mark,
        "due_day": request.due_day,
        "first_period": request.first_period,
        "amount_cents": loan.amount_cents,
        "payout_cents": loan.payout_cents,
        "fee_cents": loan.fee_cents,
        "fee_rate": str(request.borrower_fee_rate),
        "annual_rate": str(loan.annual_rate),
        "apr": str(loan.apr),
        "months": loan.months,
        "instalment_cents": loan.instalment_cents,
        "first_instalment_cents": loan.first_instalment_cents,
        "last_instalment_cents": loan.last_instalment_cents,
        "interest_cents": loan.interest_cents,
        "total_payable_cents": loan.total_payable_cents,
        "cost_cents": loan.cost_cents,
        "disbursed_on": loan.disbursed_on.isoformat(),
        "first_due_on": loan.first_due_on.isoformat(),
        "last_due_on": loan.instalments[-1].due_on.isoformat(),
        "valid_until": request.deadline_on.isoformat() if request.deadline_on else "",
        "schedule": _schedule(loan),
        "borrower": {
            "name": profile.full_name,
            "street": profile.street,
            "town": f"{profile.postcode} {profile.city}",
            "country": profile.country,
        },
    }


def _schedule(loan: Quote) -> list[list[Any]]:
    """Rows of number, due date, interest, principal and what is owed afterwards."""
    owed_cents, rows = loan.amount_cents, []
    for part in loan.instalments:
        owed_cents -= part.principal_cents
        due_on = part.due_on.isoformat()
        rows.append([part.number, due_on, part.interest_cents, part.principal_cents, owed_cents])
    return rows


def lender_shares(request: LoanRequest) -> list[list[Any]]:
    """Each lender's number and cents, largest first; lenders are not named to the borrower."""
    rows = (
        open_offers(request.pk).order_by().values("lender_id").annotate(cents=Sum("amount_cents"))
    )
    ranked = sorted(rows, key=lambda row: (-row["cents"], row["lender_id"]))
    return [[f"A-{row['lender_id']:06d}", row["cents"]] for row in ranked]


def document_words(
    figures: Mapping[str, Any], language: str, *, signed_at: datetime | None, signed_ip: str = ""
) -> dict[str, Any]:
    """The figures written out in `language` for the template; no signature without `signed_at`."""
    with translation.override(language):
        return _words(figures) | {
            "kind": "contract" if signed_at else "pre_contract",
            "language": language,
            "signed_at": instant(signed_at) if signed_at else "",
            "signed_ip": signed_ip,
            "withdraw_until": day(withdraw_until(signed_at)) if signed_at else "",
        }


def _words(figures: Mapping[str, Any]) -> dict[str, Any]:
    given, shares = figures["borrower"], figures.get("lenders", [])
    return {
        "number": figures["number"],
        "as_of": day(day_of(datetime.fromisoformat(figures["as_of"]))),
        "title": figures["title"],
        "purpose": str(Purpose(figures["purpose"]).label),
        "grade": figures["grade"],
        "mark": str(figures["mark"]),
        "due_day": str(figures["due_day"]),
        "amount": euro(figures["amount_cents"]),
        "payout": euro(figures["payout_cents"]),
        "fee": euro(figures["fee_cents"]),
        "fee_rate": percent(Decimal(figures["fee_rate"])),
        "rate": percent(Decimal(figures["annual_rate"])),
        "apr": percent(Decimal(figures["apr"])),
        "months": str(figures["months"]),
        "count": str(figures["months"]),
        "instalment": euro(figures["instalment_cents"]),
        "first_instalment": _other_first(figures),
        "last_instalment": euro(figures["last_instalment_cents"]),
        "interest": euro(figures["interest_cents"]),
        "total": euro(figures["total_payable_cents"]),
        "cost": euro(figures["cost_cents"]),
        "disbursed": _day(figures["disbursed_on"]),
        "first_due": _day(figures["first_due_on"]),
        "last_due": _day(figures["last_due_on"]),
        "valid_until": _day(figures["valid_until"]),
        "daily_interest": euro(
            to_cents(figures["amount_cents"] * Decimal(figures["annual_rate"]) / _DAYS_OF_YEAR)
        ),
        "contact": settings.DEFAULT_FROM_EMAIL,
        "borrower_name": given["name"],
        "borrower_lines": [given["name"], given["street"], f"{given['country']}-{given['town']}"],
        "schedule": [_row(row) for row in figures["schedule"]],
        "schedule_sum": _sums(figures["schedule"]),
        "lender_count": str(len(shares)),
        "lenders": [[who, euro(cents)] for who, cents in shares],
    }


def _other_first(figures: Mapping[str, Any]) -> str:
    """The first instalment where it is another than the usual one, else nothing."""
    usual = figures["instalment_cents"]
    first = figures.get("first_instalment_cents", usual)
    return "" if first == usual else euro(first)


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso)) if iso else ""


def _row(row: Sequence[Any]) -> list[str]:
    number, due_on, interest_cents, principal_cents, owed_cents = row
    amounts = (interest_cents + principal_cents, interest_cents, principal_cents, owed_cents)
    return [str(number), _day(due_on), *(euro(cents) for cents in amounts)]


def _sums(rows: Sequence[Sequence[Any]]) -> list[str]:
    interest_cents, principal_cents = (sum(row[place] for row in rows) for place in (2, 3))
    return [
        euro(cents) for cents in (interest_cents + principal_cents, interest_cents, principal_cents)
    ]
