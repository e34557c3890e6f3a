"""Bidding by hand: amount, summary, placed. Revoking while it is not yet binding."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from lending.choices import REFLECTION_DAYS, Cover
from lending.models import LoanRequest
from lending.selectors.market import market_request
from lending.selectors.offers import offer_of, offers_of
from lending.selectors.pools import figures_of_pool
from lending.selectors.spares import waiting_spares_of
from lending.selectors.wallet import wallet_of
from lending.services import covers
from lending.services.offers import is_revocable, place_bid, revoke_offer
from lending.states import OfferStatus
from matching.selectors.receipts import receipt_for
from web.access import lenders_only, person_of
from web.errors import refusals_on, refusals_told
from web.forms.bids import BidForm, ConfirmedBidForm, is_large
from web.paging import other_pages, page_of
from web.representative import figures_of
from web.templatetags.pari import euro


@require_http_methods(["GET", "HEAD", "POST"])
@lenders_only
def bid(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the amount, show what it means, and only then place it."""
    wanted = market_request(public_id, person_of(request))
    if request.method != "POST":
        return _ask(request, wanted, BidForm(request=wanted))
    if "confirmed" not in request.POST:
        form = BidForm(request.POST, request=wanted)
        return _summary(request, wanted, form) if form.is_valid() else _ask(request, wanted, form)
    return _place(request, wanted)


def _ask(request: HttpRequest, wanted: LoanRequest, form: BidForm) -> HttpResponse:
    context = {
        "wanted": wanted,
        "form": form,
        "wallet": wallet_of(person_of(request)),
        "pool": figures_of_pool(wanted.grade, wanted.term_months, clock.business_date()),
    }
    return render(request, "market/bid.html", context)


def _summary(request: HttpRequest, wanted: LoanRequest, form: BidForm) -> HttpResponse:
    cents: int = form.cleaned_data["amount"]
    cover: Cover = form.cleaned_data["cover"]
    if not isinstance(form, ConfirmedBidForm):
        form = ConfirmedBidForm(initial=form.cleaned_data, request=wanted)
    context = {"wanted": wanted, "form": form, "amount_cents": cents, "cover": cover}
    context |= _meaning(request, wanted, cents)
    return render(request, "market/bid_confirm.html", context)


def _meaning(request: HttpRequest, wanted: LoanRequest, cents: int) -> dict[str, Any]:
    """What the bid would mean: its share, its income, what stays in the wallet."""
    wallet, today = wallet_of(person_of(request)), clock.business_date()
    plan = figures_of(wanted, today, amount_cents=cents)
    return {
        "share": cents / (wanted.amount_cents or cents),
        "plan": plan,
        "firm_on": today + timedelta(days=REFLECTION_DAYS),
        "cash_after_cents": wallet.cash_cents - cents,
        "wallet": wallet,
        "is_large": is_large(cents),
        "share_of_all": wallet.share_of(cents),
    }


def _place(request: HttpRequest, wanted: LoanRequest) -> HttpResponse:
    form = ConfirmedBidForm(request.POST, request=wanted)
    if form.is_valid():
        with refusals_on(form):
            offer = place_bid(
                lender=person_of(request),
                request_id=wanted.pk,
                amount_cents=form.cleaned_data["amount"],
                cover=form.cleaned_data["cover"],
                request_key=form.cleaned_data["request_key"],
                at=clock.now(),
            )
            told = _("Your bid of %(amount)s is reserved.") % {"amount": euro(offer.amount_cents)}
            messages.success(request, told)
            return redirect("web:request", public_id=wanted.public_id)
    if set(form.errors) <= {"is_understood"}:
        return _summary(request, wanted, form)
    return _ask(request, wanted, form)


@require_safe
@lenders_only
def offers(request: HttpRequest) -> HttpResponse:
    """All stakes of this lender, the reserved ones first asked for."""
    rows = offers_of(person_of(request))
    shown = request.GET.get("status", "")
    if shown in OfferStatus.values:
        rows = rows.filter(status=shown)
    page, now = page_of(request, rows), clock.now()
    context = {
        "page": page,
        "pages": other_pages(request),
        "rows": [(offer, is_revocable(offer, offer.request, at=now)) for offer in page],
        "shown": shown,
        "statuses": OfferStatus.choices,
        "in_line": waiting_spares_of(person_of(request)),
    }
    return render(request, "lender/offers.html", context)


@require_safe
@lenders_only
def receipt(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Why a mandate's stake is as large as it is."""
    person = person_of(request)
    found = receipt_for(person, offer_id)
    levels = {
        "level": found.level_per_mille / 1000,
        "next": found.next_per_mille / 1000,
        "last": found.last_per_mille / 1000,
    }
    context = {"offer": offer_of(person, offer_id), "receipt": found, "levels": levels}
    return render(request, "lender/receipt.html", context)


@require_POST
@lenders_only
def choose_cover(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Change the cover of one's bids on a request."""
    person = person_of(request)
    offer_of(person, offer_id)
    chosen = request.POST.get("cover", Cover.SOLO.value)
    if chosen not in Cover.values:
        raise Http404(chosen)
    with refusals_told(request):
        covers.choose_cover(lender=person, offer_id=offer_id, cover=Cover(chosen), at=clock.now())
        told = _("The cover of your bids on this request is now: %(cover)s.")
        messages.success(request, told % {"cover": Cover(chosen).label})
    return redirect("web:offers")


@require_POST
@lenders_only
def revoke(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Take one bid back."""
    person = person_of(request)
    offer_of(person, offer_id)
    with refusals_told(request):
        offer = revoke_offer(lender=person, offer_id=offer_id, at=clock.now())
        told = _("%(amount)s are back in your wallet.") % {"amount": euro(offer.amount_cents)}
        messages.success(request, told)
    return redirect("web:offers")
