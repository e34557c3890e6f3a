"""Repaying a loan early, paying what is due out of the wallet, and withdrawing within 14 days."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from lending.errors import CannotRepayEarly, TooLittleForEarly, WithdrawalOver
from lending.models import Loan
from lending.selectors.contract_withdrawals import withdrawal_terms
from lending.selectors.early_repayment import KEEPS, PartPayoff, Payoff, part_of, payoff_of
from lending.selectors.loans import loan_of_borrower
from lending.selectors.wallet import wallet_of
from lending.services.contract_withdrawals import withdraw_from_contract
from lending.services.early_repayment import repay_early
from lending.services.repayments import pay_from_wallet
from lending.states import LoanStatus
from web.access import borrowers_only, person_of
from web.errors import refusals_on, refusals_told
from web.forms.base import PariForm
from web.forms.early import QuoteForm, RepayForm
from web.htmx import page_or_piece
from web.templatetags.pari import euro


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def early(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Choose a day and an amount, see at once what it takes and changes, then repay."""
    person, today = person_of(request), clock.business_date()
    own = loan_of_borrower(person, loan_id)
    form = QuoteForm(request.GET if "on" in request.GET else None, today=today)
    confirm = RepayForm(request.POST) if request.method == "POST" else RepayForm()
    if confirm.is_bound and confirm.is_valid() and _repaid(request, own, confirm):
        return redirect("web:loan", own.pk)
    context = {
        "loan": own,
        "form": form,
        "confirm": confirm,
        "cash_cents": wallet_of(person).cash_cents,
        **_quoted(own, form, today),
    }
    return page_or_piece(request, "borrower/early.html", "quote", context)


def _repaid(request: HttpRequest, own: Loan, confirm: RepayForm) -> bool:
    """Repay; false where a rule says no and the form shows why."""
    with refusals_on(confirm):
        repayment = repay_early(
            borrower=person_of(request),
            loan_id=own.pk,
            on=clock.business_date(),
            at=clock.now(),
            **confirm.cleaned_data,
        )
        own.refresh_from_db()
        if own.status == LoanStatus.REPAID:
            messages.success(request, _("Your loan is repaid. Nothing more is due."))
        else:
            told = _("%(amount)s are repaid early. Your new plan holds from now on.")
            messages.success(request, told % {"amount": euro(repayment.principal_cents)})
        return True
    return False


def _quoted(own: Loan, form: QuoteForm, today: date) -> dict[str, Any]:
    """The quote for the chosen day, and both ways of a part where an amount is given."""
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    if form.is_bound and not chosen.get("on"):
        return {}
    try:
        payoff = payoff_of(own, chosen.get("on") or today)
    except CannotRepayEarly as refusal:
        return {"refusal": refusal.message}
    quoted: dict[str, Any] = {"payoff": payoff, "is_today": payoff.on == today}
    amount_cents = chosen.get("amount")
    if amount_cents is not None and amount_cents < payoff.total_cents:
        quoted["parts"] = _parts(form, payoff, amount_cents)
        quoted["asked_cents"] = amount_cents
    else:
        quoted["asked_cents"] = payoff.total_cents
    return quoted


def _parts(form: QuoteForm, payoff: Payoff, amount_cents: int) -> list[PartPayoff]:
    try:
        return [part_of(payoff, amount_cents, keep) for keep in KEEPS]
    except TooLittleForEarly as refusal:
        form.add_error("amount", refusal.message)
        return []


class KeyForm(PariForm):
    """Lets the same order be given only once."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)


@require_POST
@borrowers_only
def pay_due(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Pay what is due out of the wallet."""
    own = loan_of_borrower(person_of(request), loan_id)
    form = KeyForm(request.POST)
    if form.is_valid():
        key: UUID = form.cleaned_data["request_key"]
        with refusals_told(request):
            paid = pay_from_wallet(
                borrower=person_of(request),
                loan_id=own.pk,
                on=clock.business_date(),
                at=clock.now(),
                request_key=key,
            )
            told = _("%(amount)s are paid.")
            messages.success(request, told % {"amount": euro(paid.amount_cents)})
    return redirect("web:loan", own.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def withdraw_loan(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Withdraw from the contract on one screen, without a reason; later give the money back."""
    person, today = person_of(request), clock.business_date()
    own = loan_of_borrower(person, loan_id)
    if request.method == "POST":
        with refusals_told(request):
            loan = withdraw_from_contract(borrower=person, loan_id=own.pk, on=today, at=clock.now())
            if loan.status == LoanStatus.WITHDRAWN:
                messages.success(request, _("Everything is given back. The loan is unwound."))
            else:
                messages.success(request, _("You have withdrawn from the contract."))
        return redirect("web:loan_withdraw" if own.closed_on is None else "web:loan", own.pk)
    context: dict[str, Any] = {"loan": own, "cash_cents": wallet_of(person).cash_cents}
    if own.closed_on is None:
        with suppress(WithdrawalOver):
            context["terms"] = withdrawal_terms(borrower=person, loan_id=own.pk, on=today)
    return render(request, "borrower/withdraw_loan.html", context)
