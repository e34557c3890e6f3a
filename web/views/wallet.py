"""A person's wallet: balances, pay-in, withdrawal, statement."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors as people
from accounts.models import User
from core import clock
from ledger.chart import Role
from lending.selectors.wallet import statement_lines, statement_of, wallet_of
from payments import selectors as payments
from payments.limits import MIN_PAY_IN_CENTS
from payments.seasoning import waiting_money
from payments.services import pay_ins
from payments.services.withdrawals import request_withdrawal
from payments.states import PayInStatus
from web.access import holders_only, person_of
from web.errors import refusals_on, refusals_told
from web.forms.base import posted
from web.forms.wallet import PayInForm, WithdrawalForm
from web.paging import other_pages, page_of
from web.templatetags.pari import euro

STATEMENTS: Final = {
    "cash": (Role.CASH, gettext_lazy("Available")),
    "reserved": (Role.RESERVED, gettext_lazy("Reserved")),
    "invested": (Role.INVESTED, gettext_lazy("Invested")),
    "outgoing": (Role.IN_TRANSIT_OUT, gettext_lazy("On its way out")),
}
_OF_LENDERS: Final = (Role.RESERVED, Role.INVESTED)
"""Accounts that a borrower has nothing on."""


@require_safe
@holders_only
def wallet(request: HttpRequest) -> HttpResponse:
    """Where the money is, what is pending, and the statement of one account."""
    person = person_of(request)
    name = request.GET.get("account", "cash")
    if name not in STATEMENTS:
        raise Http404(name)
    role, label = STATEMENTS[name]
    page = page_of(request, statement_of(person, role))
    context = _balances(person) | {
        "lines": statement_lines(person, list(page), role),
        "page": page,
        "pages": other_pages(request),
        "account": name,
        "account_label": label,
        "accounts": [
            (key, text)
            for key, (each, text) in STATEMENTS.items()
            if person.is_lender or each not in _OF_LENDERS
        ],
        "pending_pay_ins": payments.pending_pay_ins_of(person),
        "pending_payouts": payments.pending_payouts_of(person),
        "missing_of_person": people.missing_steps(person),
    }
    return render(request, "wallet/wallet.html", context)


def _balances(person: User) -> dict[str, Any]:
    wallet, waiting = wallet_of(person), waiting_money(person, clock.business_date())
    return {
        "wallet": wallet,
        "waiting": waiting,
        "withdrawable_cents": max(0, wallet.cash_cents - sum(each.cents for each in waiting)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@holders_only
def pay_in(request: HttpRequest) -> HttpResponse:
    """Ask for the amount and go to the provider's page."""
    person = person_of(request)
    form = PayInForm(posted(request), initial=_asked_for(request))
    if form.is_valid():
        with refusals_on(form):
            started = pay_ins.start_pay_in(
                lender=person,
                amount_cents=form.cleaned_data["amount"],
                request_key=form.cleaned_data["request_key"],
                at=clock.now(),
                return_url=request.build_absolute_uri(reverse("web:pay_in_return")),
            )
            return redirect(started.url or "web:wallet")
    context = {"form": form, "missing_of_person": people.missing_steps(person)}
    return render(request, "wallet/pay_in.html", context | _balances(person))


def _asked_for(request: HttpRequest) -> dict[str, int]:
    """The amount that a link to this page names, in cents."""
    cents = request.GET.get("amount", "")
    is_amount = cents.isascii() and cents.isdigit() and len(cents) < 10
    return {"amount": max(int(cents), MIN_PAY_IN_CENTS)} if is_amount else {}


@require_safe
@holders_only
def pay_in_return(request: HttpRequest) -> HttpResponse:
    """Back from the provider: say how far the latest pay-in has come."""
    latest = payments.pay_ins_of(person_of(request)).first()
    if latest:
        with refusals_told(request):
            latest = pay_ins.refresh(pay_in_id=latest.pk, at=clock.now())
            _tell(request, latest.status, latest.amount_cents)
    return redirect("web:wallet")


@require_POST
@holders_only
def pay_in_give_up(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Close the payment page of a pay-in that is not wanted any more."""
    given_up = payments.pay_in_of(person_of(request), uuid)
    with refusals_told(request):
        given_up = pay_ins.give_up(pay_in_id=given_up.pk, at=clock.now())
        if given_up.status == PayInStatus.EXPIRED:
            told = _("The pay-in of %(amount)s is off; its payment page is closed.")
            messages.success(request, told % {"amount": euro(given_up.amount_cents)})
        else:
            _tell(request, given_up.status, given_up.amount_cents)
    return redirect("web:wallet")


def _tell(request: HttpRequest, status: str, cents: int) -> None:
    facts = {"amount": euro(cents)}
    if status == PayInStatus.CONFIRMED:
        messages.success(request, _("%(amount)s are in your wallet.") % facts)
    elif status == PayInStatus.PENDING:
        messages.info(request, _("%(amount)s are on their way; your bank is still at it.") % facts)
    else:
        messages.warning(request, _("The payment of %(amount)s was not completed.") % facts)


@require_http_methods(["GET", "HEAD", "POST"])
@holders_only
def withdraw(request: HttpRequest) -> HttpResponse:
    """Send money back to the person's own bank account."""
    person = person_of(request)
    balances = _balances(person)
    form = WithdrawalForm(posted(request), withdrawable_cents=balances["withdrawable_cents"])
    if form.is_valid():
        with refusals_on(form):
            payout = request_withdrawal(
                lender=person,
                amount_cents=form.cleaned_data["amount"],
                request_key=form.cleaned_data["request_key"],
                at=clock.now(),
            )
            told = _("%(amount)s are on their way to your bank account.")
            messages.success(request, told % {"amount": euro(payout.amount_cents)})
            return redirect("web:wallet")
    account = people.active_bank_account(person)
    context = {
        "form": form,
        "bank_account": account,
        "cooling_until": account.payouts_from
        if account and account.is_cooling_down(clock.now())
        else None,
        "missing_of_person": people.missing_steps(person),
    }
    return render(request, "wallet/withdraw.html", context | balances)
