"""A lender's holdings: the list, and one with its payments and what happened."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from lending.selectors.changes import changes_of
from lending.selectors.holdings import (
    holding_of,
    holdings_of,
    is_on_break,
    lateness,
    shares_of,
    value_of,
)
from lending.selectors.loans import schedule_of, timeline_of
from lending.selectors.offers import offers_of
from lending.selectors.pools import pool_lines_of_holding
from lending.states import OfferStatus
from web.access import lenders_only, person_of
from web.forms.holdings import HoldingsForm
from web.htmx import page_or_piece
from web.paging import other_pages, page_of
from web.plan_comparison import seen_by_holder


@require_safe
@lenders_only
def holdings(request: HttpRequest) -> HttpResponse:
    """All holdings, filtered and sorted as the address says."""
    form, today = HoldingsForm(request.GET), clock.business_date()
    page = page_of(request, form.chosen(holdings_of(person_of(request))))
    context = {
        "form": form,
        "page": page,
        "pages": other_pages(request),
        "rows": [
            (holding, *lateness(holding, today), is_on_break(holding, today)) for holding in page
        ],
    }
    return page_or_piece(request, "lender/holdings.html", "results", context)


@require_safe
@lenders_only
def holding(request: HttpRequest, holding_id: int) -> HttpResponse:
    """One holding: its figures, its shares of each repayment, the loan's timeline."""
    person, today = person_of(request), clock.business_date()
    own = holding_of(person, holding_id)
    days, bucket = lateness(own, today)
    stakes = offers_of(person).filter(request=own.loan.request, status=OfferStatus.CONVERTED)
    context = {
        "holding": own,
        "loan": own.loan,
        "days_late": days,
        "bucket": bucket,
        "value_cents": value_of(own, today),
        "on_break": is_on_break(own, today),
        "changes": [
            seen_by_holder(change, own, own.loan) for change in changes_of(person, own.loan_id)
        ],
        "pool_lines": pool_lines_of_holding(person, own.pk)[:60],
        "shares": shares_of(person, own.pk),
        "events": timeline_of(person, own.loan_id)[:50],
        "next": schedule_of(person, own.loan_id).filter(paid_on__isnull=True).first(),
        "stakes": stakes,
        "today": today,
    }
    return render(request, "lender/holding.html", context)
