"""Documents as answers, and the language in which they are made."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import get_language


def pdf_answer(content: bytes, name: str) -> HttpResponse:
    """A document that the browser stores under `name`."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def language_here() -> str:
    """The language of the page, as documents know it."""
    return (get_language() or "de")[:2]
