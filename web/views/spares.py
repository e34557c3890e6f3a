"""Waiting in line behind a full request, and leaving the line."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from lending.models import LoanRequest
from lending.selectors.market import market_request
from lending.selectors.pools import figures_of_pool
from lending.selectors.spares import line_length, spare_of
from lending.selectors.wallet import wallet_of
from lending.services.spares import leave_spare, withdraw_spare
from lending.states import RequestStatus
from web.access import lenders_only, person_of
from web.errors import refusals_on, refusals_told
from web.forms.bids import SpareForm, is_large
from web.templatetags.pari import euro


@require_http_methods(["GET", "HEAD", "POST"])
@lenders_only
def wait_in_line(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the most that is wanted, and join the line; a request with room takes bids."""
    wanted = market_request(public_id, person_of(request))
    if wanted.status == RequestStatus.LISTED:
        return redirect("web:bid", public_id=public_id)
    if request.method == "POST":
        return _join(request, wanted)
    return _ask(request, wanted, SpareForm(request=wanted))


def _ask(request: HttpRequest, wanted: LoanRequest, form: SpareForm) -> HttpResponse:
    context = {"wanted": wanted, "form": form, "in_line": line_length(wanted)}
    context["pool"] = figures_of_pool(wanted.grade, wanted.term_months, clock.business_date())
    cents = form.cleaned_data.get("amount", 0) if form.is_bound else 0
    if is_large(cents):
        share = wallet_of(person_of(request)).share_of(cents)
        context |= {"is_large": True, "share_of_all": share}
    return render(request, "market/spare.html", context)


def _join(request: HttpRequest, wanted: LoanRequest) -> HttpResponse:
    form = SpareForm(request.POST, request=wanted)
    if form.is_valid():
        with refusals_on(form):
            spare = leave_spare(
                lender=person_of(request),
                request_id=wanted.pk,
                amount_cents=form.cleaned_data["amount"],
                cover=form.cleaned_data["cover"],
                request_key=form.cleaned_data["request_key"],
                at=clock.now(),
            )
            told = _("You are in line with up to %(amount)s. No money is reserved for it.")
            messages.success(request, told % {"amount": euro(spare.amount_cents)})
            return redirect("web:request", public_id=wanted.public_id)
    return _ask(request, wanted, form)


@require_POST
@lenders_only
def leave_line(request: HttpRequest, spare_id: int) -> HttpResponse:
    """Give up a place in line."""
    person = person_of(request)
    spare_of(person, spare_id)
    with refusals_told(request):
        withdraw_spare(lender=person, spare_id=spare_id, at=clock.now())
        messages.success(request, _("You are no longer in line."))
    return redirect("web:offers")
