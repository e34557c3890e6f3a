"""Reading and signing a contract, and fetching its documents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from lending.models import LoanRequest
from lending.selectors.contracts import contract_of
from lending.selectors.offers import firm_from
from lending.selectors.requests import request_of_borrower
from lending.services.contract_figures import contract_number, quote_of
from lending.services.contracts import deliver_pre_contract, sign
from lending.states import RequestStatus
from web.access import borrowers_only, person_of
from web.addresses import address_of
from web.errors import refusals_on
from web.files import language_here, pdf_answer
from web.forms.base import PariForm, posted


class SignForm(PariForm):
    """The borrower's declaration; nothing is ticked in advance."""

    has_read = forms.BooleanField(
        label=gettext_lazy("I have read the pre-contract information and the payment plan.")
    )
    agrees = forms.BooleanField(label=gettext_lazy("I conclude this loan contract."))


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def sign_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show the figures of the contract and take the signature."""
    person = person_of(request)
    own = request_of_borrower(person, request_id)
    if own.status != RequestStatus.FILLED:
        return redirect("web:my_request_page", own.pk)
    form = SignForm(posted(request))
    if form.is_valid():
        with refusals_on(form):
            ip = address_of(request) or None
            sign(borrower=person, request_id=own.pk, at=clock.now(), ip=ip)
            messages.success(request, _("The contract is signed. We pay the loan out next."))
            return redirect("web:my_request_page", own.pk)
    return render(request, "borrower/sign.html", {"form": form} | _contract(own))


def _contract(own: LoanRequest) -> dict[str, Any]:
    """The figures that are signed, and from when they can be."""
    today, firm_on = clock.business_date(), firm_from(own)
    return {
        "own": own,
        "number": contract_number(own),
        "quote": quote_of(own, disbursed_on=today),
        "firm_on": firm_on,
        "is_firm": firm_on is not None and today >= firm_on,
    }


@require_safe
@borrowers_only
def pre_contract(request: HttpRequest, request_id: int) -> HttpResponse:
    """The pre-contract information as a document; that it was fetched is noted."""
    document = deliver_pre_contract(
        borrower=person_of(request),
        request_id=request_id,
        language=language_here(),
        at=clock.now(),
    )
    return pdf_answer(document, f"pari-pre-contract-{request_id}.pdf")


@require_safe
@borrowers_only
def contract(request: HttpRequest, request_id: int) -> HttpResponse:
    """The contract as it was signed."""
    signed = contract_of(person_of(request), request_id)
    return pdf_answer(bytes(signed.pdf), f"pari-{signed.number}.pdf")
