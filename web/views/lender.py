"""A lender's overview: what the money is worth, what it is made of, what comes next."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import selectors as people
from accounts.models import User
from core import clock
from lending.selectors import returns
from lending.selectors.cash_forecast import ExpectedMonth, expected_months
from lending.selectors.returns import LenderOverview, Slice, ValuePoint
from lending.selectors.wallet import statement_lines, statement_of, wallet_of
from web import charts
from web.access import lenders_only, person_of
from web.return_bridge import point_steps

_DRAWN_MONTHS: Final = 12
_TOLD_MONTHS: Final = 24


@require_safe
@lenders_only
def home(request: HttpRequest) -> HttpResponse:
    """All figures on one page; each can be opened to what it is made of."""
    person, today = person_of(request), clock.business_date()
    overview, points = returns.lender_record(person, today)
    context = {
        "o": overview,
        "wallet": wallet_of(person),
        "late_cents": overview.value.high_cents - overview.value.fair_cents,
        "earned_cents": overview.interest_cents
        + overview.default_interest_cents
        + overview.recovered_cents
        - overview.fee_cents
        - overview.written_off_cents,
        "idle_share": _share(overview.cash_cents, overview.value.fair_cents),
        "points": point_steps(overview),
        "bridge": _bridge(overview),
        "history": _history(points),
        "grades": _slices(overview.grades),
        "terms": _slices(overview.terms),
        "months": _months(expected_months(person, overview.books, _TOLD_MONTHS)),
        "lines": _recent(person),
        "missing_of_person": people.missing_steps(person),
        "today": today,
    }
    return render(request, "lender/home.html", context)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _bridge(overview: LenderOverview) -> list[charts.Step]:
    """From what was paid in to what it is worth today; adds up to the cent."""
    late_cents = overview.value.high_cents - overview.value.fair_cents
    rows = [
        (_("Taken out"), -overview.withdrawn_cents, False),
        (_("Interest received"), overview.interest_cents, False),
        (_("Fees"), -overview.fee_cents, False),
        (_("Written off"), -overview.written_off_cents, False),
        (_("Recoveries"), overview.recovered_cents, False),
        (_("Default interest"), overview.default_interest_cents, False),
        (_("Shared in pools"), overview.earned.pool_cents, False),
        (_("Set aside for late loans"), -late_cents, False),
    ]
    start = (_("Paid in"), overview.deposited_cents, True)
    end = (_("Value today"), overview.value.fair_cents, True)
    return charts.bridge([start, *(row for row in rows if row[1]), end])


def _history(points: list[ValuePoint]) -> dict[str, Any] | None:
    """Value at each month's end beside what was paid in; None before there are two points."""
    if len(points) < 2:
        return None
    values = [point.value_cents for point in points]
    paid_in = [point.paid_in_cents for point in points]
    return {"chart": charts.line_chart(values, paid_in), "points": points}


def _slices(slices: list[Slice]) -> list[tuple[Slice, float]]:
    """Parts of what is invested, each with its share of the whole."""
    whole = sum(part.principal_cents for part in slices)
    return [(part, part.principal_cents / whole) for part in slices] if whole else []


def _months(months: list[ExpectedMonth]) -> dict[str, Any] | None:
    """The first year drawn, all of it as a table; None when nothing is planned."""
    if not any(month.net_cents for month in months):
        return None
    drawn = months[:_DRAWN_MONTHS]
    chart = charts.column_chart(
        [month.principal_cents for month in drawn],
        [month.interest_cents for month in drawn],
        [month.expected_cents for month in drawn],
    )
    return {
        "chart": chart,
        "drawn": drawn,
        "rows": months,
        "planned_cents": sum(row.net_cents for row in drawn),
        "expected_cents": sum(row.expected_cents for row in drawn),
        "least_cents": sum(row.least_cents for row in drawn),
        "most_cents": sum(row.most_cents for row in drawn),
    }


def _recent(person: User) -> list[Any]:
    """The latest lines of the cash account."""
    return statement_lines(person, list(statement_of(person)[:8]))
