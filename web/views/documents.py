"""A person's documents by year, the schedule of a loan, and a lender's overview of a year."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from core import clock
from core.clock import day_of
from lending.models import Document
from lending.selectors.documents import contracts_of, documents_of
from lending.selectors.loans import loans_of
from lending.selectors.statements import months_of
from lending.selectors.tax_year import tax_year, tax_years, year_span
from lending.services.documents import fetch_document
from lending.services.schedule_words import schedule_pdf
from lending.services.tax_words import tax_pdf as year_pdf
from web.access import borrowers_only, lenders_only, person_of
from web.files import language_here, pdf_answer

_YEARS: Final = range(2000, 2200)


@dataclass(frozen=True)
class _Row:
    """One line of the list; the file is at `url`."""

    on: date
    title: str
    about: str
    url: str


@require_safe
@login_required
def documents(request: HttpRequest) -> HttpResponse:
    """All documents of the person, newest first, by year; schedules stand on their own."""
    person = person_of(request)
    years: dict[int, list[_Row]] = defaultdict(list)
    for row in sorted(_rows(person), key=lambda row: row.on, reverse=True):
        years[row.on.year].append(row)
    context: dict[str, Any] = {"years": list(years.items())}
    if person.is_lender:
        context["tax_years"] = _tax_years(person)
    else:
        context["loans"] = loans_of(person)
    return render(request, "documents/list.html", context)


def _rows(person: User) -> list[_Row]:
    made = [
        _Row(row.on, row.get_kind_display(), _about(row), reverse("web:document", args=[row.pk]))
        for row in documents_of(person)
    ]
    signed = [
        _Row(
            day_of(row.signed_at),
            _("Contract"),
            f"{row.number} · {row.request.title}",
            reverse("web:contract", args=[row.request_id]),
        )
        for row in contracts_of(person)
    ]
    return made + signed


def _about(document: Document) -> str:
    return document.loan.number if document.loan else ""


def _tax_years(person: User) -> list[int]:
    today = clock.business_date()
    first = next(months_of(person, today), None)
    return tax_years(first, today) if first else []


@require_safe
@login_required
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """One document of the person, as it was issued."""
    own = fetch_document(person=person_of(request), document_id=document_id)
    return pdf_answer(bytes(own.pdf or b""), f"pari-{own.kind}-{own.on.isoformat()}.pdf")


@require_safe
@borrowers_only
def schedule(request: HttpRequest, loan_id: int) -> HttpResponse:
    """The payment schedule as it holds now."""
    content = schedule_pdf(person_of(request), loan_id, language_here(), at=clock.now())
    return pdf_answer(content, f"pari-schedule-{loan_id}.pdf")


@require_safe
@lenders_only
def tax(request: HttpRequest, year: int) -> HttpResponse:
    """What was received and lost in a year."""
    person, today = person_of(request), clock.business_date()
    context = {
        "t": tax_year(person, _known(year)),
        "years": _tax_years(person),
        "is_running": year >= today.year,
    }
    return render(request, "documents/tax_year.html", context)


@require_safe
@lenders_only
def tax_file(request: HttpRequest, year: int) -> HttpResponse:
    """The same as a document."""
    span = year_span(_known(year))
    content = year_pdf(person_of(request), span, language_here(), at=clock.now())
    return pdf_answer(content, f"pari-year-{year}.pdf")


def _known(year: int) -> int:
    if year not in _YEARS:
        raise Http404(str(year))
    return year
