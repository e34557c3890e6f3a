"""Pages that everyone may read: landing with calculator, explanations, price list, help."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from lending.choices import MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS, SHARE_CENTS, TERMS, Grade, Purpose
from lending.domain.affordability import MARK_LIMITS
from lending.domain.grades import GRADE_BANDS
from lending.domain.pricing import price
from lending.domain.quote import Quote
from lending.selectors.fees import price_list
from lending.selectors.market import market_figures
from web.forms.quotes import TYPICAL, QuoteForm
from web.htmx import page_or_piece, wants_piece
from web.representative import figures, representative_example

_YEARLY_TERMS: Final = (12, 24, 36, 48, 60, 72, 84)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The first page; as a fragment it is only the calculator's result."""
    form = QuoteForm(request.GET if "amount" in request.GET else None, initial=TYPICAL)
    offered = _offered(form)
    context: dict[str, Any] = {"form": form, "quote": offered, "grade": form["grade"].value()}
    if not wants_piece(request):
        context |= _first_page(offered)
    return page_or_piece(request, "landing/index.html", "quote", context)


def _first_page(offered: Quote | None) -> dict[str, Any]:
    """What the first page shows besides the calculator."""
    return {
        "market": market_figures(),
        "example": representative_example(clock.business_date()),
        "slider": {
            "least": MIN_AMOUNT_CENTS // 100,
            "most": MAX_AMOUNT_CENTS // 100,
            "step": SHARE_CENTS // 100,
            "value": (offered.amount_cents if offered else TYPICAL["amount"]) // 100,
        },
    }


def _offered(form: QuoteForm) -> Quote | None:
    """The loan that the form describes, or None while something in it is wrong."""
    if not form.is_bound:
        given = form.initial
    elif form.is_valid():
        given = form.cleaned_data
    else:
        return None
    rate = price(given["grade"], given["months"]).posted
    return figures(given["amount"], rate, given["months"], clock.business_date())


@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """The price list: fees from their table, rates from the price model."""
    context = {
        "fees": price_list(),
        "today": clock.business_date(),
        "terms": _YEARLY_TERMS,
        "rates": [
            (grade, [price(grade, term) for term in _YEARLY_TERMS]) for grade in Grade.values
        ],
        "example": representative_example(clock.business_date()),
    }
    return render(request, "landing/prices.html", context)


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """How a loan comes about and how money is shared out."""
    context = {
        "bands": GRADE_BANDS.items(),
        "marks": [(mark, Decimal(limit) / 100) for mark, limit in enumerate(MARK_LIMITS, start=1)],
        "example": representative_example(clock.business_date()),
    }
    return render(request, "landing/how_it_works.html", context)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Questions and answers."""
    return render(request, "landing/help.html")


@require_safe
def credit_information(request: HttpRequest) -> HttpResponse:
    """General information on credit, reachable without an account."""
    context = {
        "purposes": Purpose.labels,
        "least": MIN_AMOUNT_CENTS,
        "most": MAX_AMOUNT_CENTS,
        "shortest": TERMS[0],
        "longest": TERMS[-1],
        "lowest_rate": min(price("A", term).floor for term in TERMS),
        "highest_rate": max(price("H", term).ceiling for term in TERMS),
        "example": representative_example(clock.business_date()),
    }
    return render(request, "landing/credit_information.html", context)


@require_safe
def lender_risks(request: HttpRequest) -> HttpResponse:
    """What a lender can lose."""
    return render(request, "landing/lender_risks.html", {"bands": GRADE_BANDS.items()})


@require_safe
def legal_notice(request: HttpRequest) -> HttpResponse:
    """Who runs this house; a placeholder until an operator fills it in."""
    return render(request, "landing/legal_notice.html")
