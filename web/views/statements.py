"""A lender's statement of a month or of any days: page, file, and each line's journal entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from core.spreadsheet import csv_lines
from lending.selectors.journal import journal_entry
from lending.selectors.statements import (
    Line,
    Statement,
    months_of,
    statement_for,
    statement_lines,
)
from lending.selectors.statements import line_target as target_words
from lending.services.statement_words import statement_pdf as as_pdf
from web.access import lenders_only, person_of
from web.files import language_here, pdf_answer
from web.forms.statements import StatementForm
from web.paging import other_pages

PER_PAGE: Final = 50


@require_safe
@lenders_only
def statement(request: HttpRequest) -> HttpResponse:
    """Opening, what each kind of booking came to, closing, and the lines page by page."""
    person, today = person_of(request), clock.business_date()
    form = StatementForm(request.GET, today=today)
    span = form.span()
    whole = statement_for(person, span)
    page = Paginator(range(whole.lines), PER_PAGE).get_page(request.GET.get("page"))
    first = max(page.start_index() - 1, 0)
    context = {
        "form": form,
        "span": span,
        "months": list(months_of(person, today))[::-1],
        "statement": whole,
        "lines": statement_lines(person, span, offset=first, limit=PER_PAGE),
        "page": page,
        "pages": other_pages(request),
        "days": f"from={span.from_on.isoformat()}&to={span.to_on.isoformat()}",
        "is_open": span.to_on >= today,
    }
    return render(request, "wallet/statement.html", context)


@require_safe
@lenders_only
def statement_file(request: HttpRequest) -> StreamingHttpResponse:
    """All lines of the same days as a table for a spreadsheet."""
    person = person_of(request)
    span = StatementForm(request.GET, today=clock.business_date()).span()
    whole = statement_for(person, span)
    rows = _rows(whole, statement_lines(person, span))
    answer = StreamingHttpResponse(
        csv_lines(_columns(), rows), content_type="text/csv; charset=utf-8"
    )
    name = f"pari-statement-{span.from_on.isoformat()}-{span.to_on.isoformat()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_safe
@lenders_only
def statement_pdf(request: HttpRequest) -> HttpResponse:
    """The same days as a document."""
    person = person_of(request)
    span = StatementForm(request.GET, today=clock.business_date()).span()
    content = as_pdf(person, span, language_here(), at=clock.now())
    return pdf_answer(content, f"pari-statement-{span.from_on}-{span.to_on}.pdf")


def _columns() -> list[str]:
    return [
        _("Day"),
        _("Reason"),
        _("For"),
        _("Available"),
        _("Reserved"),
        _("On its way out"),
        _("Laid out for you"),
        _("Invested"),
        _("Journal entry"),
        _("Reference"),
    ]


def _rows(whole: Statement, lines: list[Line]) -> Iterator[list[object]]:
    """Opening, lines, closing; amounts as plain numbers with two places."""
    span = whole.span
    yield [span.from_on, _("Opening balance"), "", *_amounts(whole.opening), "", ""]
    for line in lines:
        told = [line.on, str(line.reason.label), target_words(line)]
        yield [*told, *_amounts(line.change), line.entry_id, line.reference]
    yield [span.to_on, _("Closing balance"), "", *_amounts(whole.closing), "", ""]


def _amounts(change: tuple[int, ...]) -> list[object]:
    return [_Amount(cents) for cents in change]


class _Amount(int):
    """Cents that are written as euros; a number, so that a sign does not make it a formula."""

    def __str__(self) -> str:
        sign, euros, cents = "-" if self < 0 else "", *divmod(abs(int(self)), 100)
        return f"{sign}{euros}.{cents:02d}"


@require_safe
@lenders_only
def journal(request: HttpRequest, entry_id: int) -> HttpResponse:
    """The journal entry behind a line, with the reader's own moves."""
    context: dict[str, Any] = {"entry": journal_entry(person_of(request), entry_id)}
    return render(request, "wallet/journal.html", context)
