"""Pages of a long list, keeping the filters that the address carries."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PER_PAGE: Final = 25


def page_of(request: HttpRequest, rows: Any, *, per_page: int = PER_PAGE) -> Page[Any]:
    """The page that the address asks for; a number that does not exist is the nearest one."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def other_pages(request: HttpRequest) -> str:
    """The address of this list without its page number, ready for one to be added."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"{request.path}?{query.urlencode()}&" if query else f"{request.path}?"
