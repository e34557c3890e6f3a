"""Whether a page or only a piece of it is asked for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def wants_piece(request: HttpRequest) -> bool:
    """True when a script asks; not when the browser goes back and needs the whole page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def page_or_piece(
    request: HttpRequest, template: str, piece: str, context: dict[str, Any]
) -> HttpResponse:
    """Render the template, or only the piece of it that a script asks for."""
    name = f"{template}#{piece}" if wants_piece(request) else template
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
