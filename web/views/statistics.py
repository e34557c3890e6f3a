"""The market's record for everyone, and the loan book as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from core.dates import ONE_DAY
from core.spreadsheet import csv_lines
from lending.selectors.pools import pool_figures
from lending.selectors.public_book import COLUMNS, public_book
from lending.selectors.statistics import Cohort, GradeRecord, MarketRecord, market_record
from web import charts

_CURVES: Final = 8
"""So many cohorts are drawn, the latest; the table holds all."""


@dataclass(frozen=True)
class _GradeRow:
    """A grade with its row of the chart: what is expected, what chance explains, what was seen."""

    record: GradeRecord
    gauge: charts.Gauge | None


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Volume, defaults, vintages, returns and who funds, as of the last closed day."""
    record = market_record(_last_closed_day())
    context = {
        "r": record,
        "grades": _grade_rows(record),
        "vintages": _vintages(record.cohorts),
        "pays": [(cohort, _parts(cohort.funding)) for cohort in reversed(record.cohorts)],
        "funding": _parts(record.funding),
        "cohorts": record.cohorts[::-1],
        "requests": record.requests[::-1],
        "pools": pool_figures(record.on),
    }
    return render(request, "landing/statistics.html", context)


@require_safe
def loan_book_file(request: HttpRequest) -> StreamingHttpResponse:
    """All loans and requests since the start, without a word about anybody."""
    on = _last_closed_day()
    answer = StreamingHttpResponse(
        csv_lines(COLUMNS, public_book(on)), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="pari-loan-book-{on.isoformat()}.csv"'
    return answer


def _last_closed_day() -> date:
    return clock.business_date() - ONE_DAY


def _grade_rows(record: MarketRecord) -> list[_GradeRow]:
    """Grades that have loans; drawn where there is a whole window."""
    rows = [grade for grade in record.grades if grade.totals.loans]
    shares = [_share(row.most, row) for row in rows] + [_seen(row) or Decimal(0) for row in rows]
    scale = max([*shares, Decimal("0.01")])
    return [_GradeRow(row, _gauge(row, scale) if row.rate.at_start else None) for row in rows]


def _gauge(row: GradeRecord, scale: Decimal) -> charts.Gauge:
    low, high = _share(row.least, row), _share(row.most, row)
    return charts.gauge(scale, low, high, row.expected, _seen(row))


def _share(count: int, row: GradeRecord) -> Decimal:
    return Decimal(count) / row.rate.at_start if row.rate.at_start else Decimal(0)


def _seen(row: GradeRecord) -> Decimal | None:
    """Defaults over loans of all windows together, on the same base as the range."""
    return _share(row.rate.defaulted, row) if row.rate.at_start else None


def _vintages(cohorts: list[Cohort]) -> dict[str, Any] | None:
    """Curves of the latest cohorts, and all of them by the months of a table."""
    aged = [cohort for cohort in cohorts if len(cohort.curve) > 1]
    if not aged:
        return None
    drawn = aged[-_CURVES:]
    paths, ticks, months = charts.curves([cohort.curve for cohort in drawn])
    marks = [month for month in (1, 3, 6, 9, 12, 18, 24, 36, 48, 60) if month < months]
    return {
        "lines": list(zip(drawn, paths, range(len(drawn), 0, -1), strict=True)),
        "ticks": ticks,
        "last_month": months - 1,
        "marks": marks,
        "rows": [
            (
                cohort,
                [cohort.curve[month] if month < len(cohort.curve) else None for month in marks],
            )
            for cohort in reversed(aged)
        ],
    }


def _parts(funding: Any) -> dict[str, Any] | None:
    """Shares of hand, mandate and API; None while nothing was funded."""
    whole = funding.whole_cents
    if not whole:
        return None
    return {
        "hand": Decimal(funding.hand_cents) / whole,
        "mandate": Decimal(funding.mandate_cents) / whole,
        "api": Decimal(funding.api_cents) / whole,
    }
