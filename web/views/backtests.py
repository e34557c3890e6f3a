"""A mandate tried on the past while it is being written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.models import User
from core import clock
from core.errors import DomainError
from lending.selectors.mandates import mandate_of
from lending.services.mandate_data import MandateData
from matching.selectors.backtests import Backtest, backtest, cash_to_try
from web import charts
from web.access import lenders_only, person_of
from web.errors import named_refusal
from web.forms.backtests import TryForm
from web.forms.mandates import MandateForm
from web.htmx import wants_piece
from web.mandate_words import sentences


@require_POST
@lenders_only
def try_mandate(request: HttpRequest, mandate_id: int | None = None) -> HttpResponse:
    """What the mandate in the form would have done in the last twelve months."""
    person, now = person_of(request), clock.now()
    own = mandate_of(person, mandate_id) if mandate_id else None
    form, amount = MandateForm(_named(request.POST)), TryForm(request.POST)
    data, refusal = _told(form, now)
    found = None
    if data is not None and amount.is_valid():
        cents = amount.cleaned_data["try_cents"] or cash_to_try(person, data)
        found = _tried(person, data, now, cents)
    context: dict[str, Any] = {
        "form": form,
        "mandate": own,
        "try_form": amount,
        "is_tried": True,
        "try_refusal": refusal,
        "try_missing": [form[name].label for name in form.errors if name in form.fields],
    }
    context |= found or {}
    if wants_piece(request):
        return render(request, "lender/_backtest.html", context)
    context["sentences"] = sentences(data) if data else []
    return render(request, "mandates/form.html", context)


def _named(given: QueryDict) -> QueryDict:
    """A mandate that has no name yet can be tried all the same."""
    if given.get("name", "").strip():
        return given
    named = given.copy()
    named["name"] = "–"
    return named


def _told(form: MandateForm, now: datetime) -> tuple[MandateData | None, str]:
    """The mandate in the form, or None with what the market refuses in it."""
    if not form.is_valid():
        return None, ""
    try:
        return form.data_told().checked(on=clock.day_of(now)), ""
    except DomainError as refusal:
        return None, named_refusal(form, refusal)


def _tried(person: User, data: MandateData, now: datetime, cents: int) -> dict[str, Any]:
    found = backtest(person, data, at=now, cash_cents=cents)
    return {"trial": found, "trial_weeks": _chart(found)}


def _chart(found: Backtest) -> charts.ColumnChart | None:
    """A column a week; None where nothing would have been placed."""
    placed = [week.placed_cents for week in found.weeks]
    return charts.column_chart(placed, [0] * len(placed)) if any(placed) else None
