"""Turns refusals that no form took up into pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.errors import DomainError
from web.errors import refusal_page


class RefusalMiddleware:
    """A stranger's thing is a 404, a forbidden act a 403, any other refusal a 409."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer refusals of the domain; leave everything else to Django."""
        if isinstance(error, DomainError):
            return refusal_page(request, error)
        return None
