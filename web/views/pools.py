"""What the grade pools did with a lender's claims, line by line and run by run."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lending.selectors.pools import pool_lines_of, pool_run_of
from web.access import lenders_only, person_of
from web.paging import other_pages, page_of


@require_safe
@lenders_only
def pools(request: HttpRequest) -> HttpResponse:
    """Every line, the newest month first."""
    page = page_of(request, pool_lines_of(person_of(request)))
    context = {"page": page, "pages": other_pages(request), "lines": list(page)}
    return render(request, "lender/pools.html", context)


@require_safe
@lenders_only
def pool_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: its sums, its versions, and the lines of this lender."""
    return render(
        request, "lender/pool_run.html", {"seen": pool_run_of(person_of(request), run_id)}
    )
