"""A borrower's curve: on the page where the rate is chosen, and beside a listed request."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.models import User
from core import clock
from lending.choices import PriceRule
from lending.models import LoanRequest
from lending.selectors.requests import request_of_borrower
from matching.selectors.funding_curves import (
    Asked,
    FundingCurve,
    asked_of,
    curve_of_request,
    funding_curve,
)
from web import charts
from web.access import borrowers_only, person_of
from web.first_periods import both_ways, may_be_asked
from web.forms.applications import AmountForm
from web.forms.backtests import CurveForm
from web.htmx import wants_piece
from web.views.applications import step_context

_WHOLE: Final = 10_000
"""A share of one, as the charts count: they want round figures that split into quarters."""


class Tick(NamedTuple):
    """A line across the plot at a share of the trials."""

    share: float
    y: str


@require_POST
@borrowers_only
def draft_curve(request: HttpRequest, request_id: int) -> HttpResponse:
    """The curve for amount, term and purpose as they stand in the form."""
    person = person_of(request)
    draft = request_of_borrower(person, request_id)
    form = AmountForm(request.POST)
    chosen = CurveForm(request.POST if "curve_grade" in request.POST else None)
    form.is_valid()
    asked = _asked(form, chosen)
    curve = None
    if asked is not None:
        rate = form.cleaned_data.get("max_rate")
        curve = funding_curve(asked, at=clock.now(), rate=rate, borrower=person)
    context = {
        "draft": draft,
        "curve_form": chosen,
        "is_tried": True,
        "first_periods": both_ways(form.cleaned_data, grade=chosen.grade, on=clock.business_date()),
    } | curve_context(curve)
    if wants_piece(request):
        return render(request, "borrower/_funding_curve.html", context)
    return render(request, "borrower/step.html", step_context(draft, "amount", form) | context)


def listed_context(person: User, own: LoanRequest) -> dict[str, Any]:
    """The curve of what is still missing of a listed request; empty for any other."""
    return curve_context(curve_of_request(person, own.pk, at=clock.now()))


def curve_context(curve: FundingCurve | None) -> dict[str, Any]:
    """A curve with its chart."""
    return {"curve": curve, "curve_chart": _chart(curve)} if curve else {}


def _chart(curve: FundingCurve) -> dict[str, Any]:
    """The points by their rates; the own rate is marked by an upright line."""
    first, last = curve.points[0].rate, curve.points[-1].rate
    width = float(last - first) or 1.0
    points = [
        (charts.WIDTH * float(point.rate - first) / width, charts.HEIGHT * (1 - point.chance))
        for point in curve.points
    ]
    line = " ".join(f"{'L' if at else 'M'}{x:.1f} {y:.1f}" for at, (x, y) in enumerate(points))
    here = charts.WIDTH * float(curve.here.rate - first) / width
    return {
        "line": line,
        "area": f"{line} L{points[-1][0]:.1f} {charts.HEIGHT} L0 {charts.HEIGHT} Z",
        "here": f"{here:.1f}",
        "ticks": [Tick(tick.cents / _WHOLE, tick.y) for tick in charts.ticks(_WHOLE)],
    }


def _asked(form: AmountForm, chosen: CurveForm) -> Asked | None:
    """What the form asks for; None while part of it is missing or out of range."""
    given = form.cleaned_data
    cents, months = given.get("amount_cents"), given.get("term_months")
    if not cents or not months or not given.get("purpose") or not may_be_asked(cents):
        return None
    return asked_of(
        LoanRequest(
            amount_cents=cents,
            term_months=months,
            purpose=given["purpose"],
            grade=chosen.grade,
            price_rule=given.get("price_rule") or PriceRule.FIXED,
            least_percent=given.get("least_percent") or 100,
        )
    )
