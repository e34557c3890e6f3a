"""A borrower's overview and loans: next payment, plan, timeline, documents."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import selectors as people
from core import clock
from lending.domain.due_dates import days_past_due
from lending.errors import WithdrawalOver
from lending.models import Instalment, Loan
from lending.selectors import loans as selectors
from lending.selectors.changes import changes_of, offers_to, open_change_of
from lending.selectors.charges import payable
from lending.selectors.contract_withdrawals import terms_of
from lending.selectors.documents import documents_of_loan
from lending.selectors.requests import requests_of
from lending.selectors.trouble import trouble_of
from lending.selectors.wallet import wallet_of
from lending.states import OPEN_FOR_BORROWER
from payments.selectors import debit_to_come, debits_of
from web.access import borrowers_only, person_of


@require_safe
@borrowers_only
def home(request: HttpRequest) -> HttpResponse:
    """What is due next, the loans, and the request under way."""
    person, today = person_of(request), clock.business_date()
    under_way = requests_of(person).filter(status__in=OPEN_FOR_BORROWER).first()
    coming = selectors.next_payment(person, today)
    context = {
        "next": coming,
        "debit_on": debit_to_come(person, coming.loan.pk, coming.number) if coming else None,
        "loans": selectors.loans_of(person),
        "offers": offers_to(person),
        "under_way": under_way,
        "latest": under_way or requests_of(person).first(),
        "missing_of_person": people.missing_steps(person),
        "today": today,
    }
    return render(request, "borrower/home.html", context)


@require_safe
@borrowers_only
def loan(request: HttpRequest, loan_id: int) -> HttpResponse:
    """One loan: how far it is, its plan and what happened."""
    person, today = person_of(request), clock.business_date()
    own = selectors.loan_of_borrower(person, loan_id)
    plan = selectors.schedule_of(person, own.pk)
    context = {
        "loan": own,
        "rows": [(row, standing(row, today)) for row in plan],
        "events": selectors.timeline_of(person, own.pk)[:50],
        "trouble": trouble_of(person, own.pk, today),
        "documents": documents_of_loan(person, own.pk),
        "waiting": open_change_of(person, own.pk),
        "changes": changes_of(person, own.pk),
        "debits": debits_of(person, own.pk),
        "today": today,
        **_payable(own, today),
    }
    return render(request, "borrower/loan.html", context)


def _payable(own: Loan, today: date) -> dict[str, Any]:
    """What is due, what the wallet holds, and until when the contract can be withdrawn from."""
    due, cash_cents = payable(own, today), wallet_of(own.borrower).cash_cents
    context: dict[str, Any] = {
        "due": due,
        "cash_cents": cash_cents,
        "payable_cents": min(due.total_cents, cash_cents),
        "request_key": uuid4(),
    }
    with suppress(WithdrawalOver):
        context["withdraw_until"] = terms_of(own, today).until
    return context


def standing(row: Instalment, today: date) -> str:
    """How an instalment stands: "paid", "late", "due" (on its day), "open"."""
    if row.paid_on:
        return "paid"
    if days_past_due(row.due_on, today):
        return "late"
    return "due" if row.due_on <= today else "open"
