"""What is on the market: the list, one request, and its funding as it moves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from core import clock
from core.errors import NotFound
from lending.domain.grades import GRADE_BANDS
from lending.domain.pricing import expected_net_return
from lending.models import LoanRequest
from lending.selectors.market import listed_requests, market_figures, market_request
from lending.selectors.offers import offers_of
from lending.selectors.spares import line_length, place_in_line, waiting_spares_of
from lending.services.offers import is_revocable, takes_offers
from lending.services.spares import may_open_again
from lending.states import OfferStatus, RequestStatus
from matching.selectors.participations import participations
from web.access import reader_of
from web.forms.bids import BidForm, SpareForm
from web.forms.market import MarketForm
from web.htmx import page_or_piece, wants_piece
from web.paging import other_pages, page_of
from web.representative import figures_of, representative_example

STOP_POLLING: Final = 286


@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """Open requests, filtered and sorted as the address says."""
    form = MarketForm(request.GET)
    page = page_of(request, form.chosen(listed_requests()))
    context = {
        "form": form,
        "page": page,
        "pages": other_pages(request),
        "today": clock.business_date(),
    }
    if not wants_piece(request):
        context |= {
            "market": market_figures(),
            "example": representative_example(clock.business_date()),
        }
    return page_or_piece(request, "market/list.html", "results", context)


@require_safe
def request_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One request with all that the market may know of it."""
    person = reader_of(request)
    wanted = market_request(public_id, person)
    context = _funding(wanted) | {
        "quote": figures_of(wanted, clock.business_date()),
        "net_return": _net_return(wanted),
        "typical_pd": GRADE_BANDS[wanted.grade].typical_pd,
        "is_own": person is not None and wanted.borrower_id == person.pk,
    }
    if person and person.is_lender:
        context |= {"bid_form": BidForm(request=wanted), "own_offers": _own_offers(person, wanted)}
        context["own_mandates"] = participations(person, wanted, at=clock.now())
        context |= _line(person, wanted)
    return render(request, "market/request.html", context)


def _net_return(wanted: LoanRequest) -> Decimal:
    rate, months = wanted.annual_rate or Decimal(0), wanted.term_months or 0
    return expected_net_return(rate, months, GRADE_BANDS[wanted.grade].typical_pd)


def _line(person: User, wanted: LoanRequest) -> dict[str, Any]:
    """The line behind a full request: this lender's place in it, or the form to join it."""
    if wanted.status != RequestStatus.FILLED:
        return {}
    own = waiting_spares_of(person).filter(request=wanted).first()
    if own is not None:
        return {"own_spare": own, "own_place": place_in_line(own), "in_line": line_length(wanted)}
    if not may_open_again(wanted, at=clock.now()):
        return {}
    return {"spare_form": SpareForm(request=wanted), "in_line": line_length(wanted)}


def _own_offers(person: User, wanted: LoanRequest) -> list[tuple[Any, bool]]:
    """This lender's stakes in the request, each with whether it can still be revoked."""
    offers = offers_of(person).filter(request=wanted, status=OfferStatus.OPEN)
    now = clock.now()
    return [(offer, is_revocable(offer, wanted, at=now)) for offer in offers]


def _funding(wanted: LoanRequest) -> dict[str, Any]:
    return {
        "wanted": wanted,
        "is_open": takes_offers(wanted, at=clock.now()),
        "today": clock.business_date(),
    }


@require_safe
def funding(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How far a request is funded now; tells the page to stop asking once it is closed."""
    try:
        wanted = market_request(public_id, reader_of(request))
    except NotFound:
        return render(request, "market/_closed.html", status=STOP_POLLING)
    context = _funding(wanted)
    status = 200 if context["is_open"] else STOP_POLLING
    return render(request, "market/request.html#funding", context, status=status)
