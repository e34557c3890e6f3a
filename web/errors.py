"""Refusals of the domain on a page: next to a field, as a message, or as a page of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError, NotAllowed, NotFound
from ledger.errors import InsufficientFunds
from web.forms.base import PariForm

_ABOUT: Final = {InsufficientFunds.code: "amount"}
"""Refusals that come from too deep down to know the field that they are about."""


@contextmanager
def refusals_on(form: forms.Form) -> Iterator[None]:
    """Put a refusal next to the field that it is about, else above the form.

    What is not there, or not allowed at all, is no matter of the form and goes on upward.
    """
    try:
        yield
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        form.add_error(_field_of(form, refusal), refusal.message)


def named_refusal(form: forms.Form, refusal: DomainError) -> str:
    """A refusal told away from its field: with the field's label before it."""
    name = _field_of(form, refusal)
    return refusal.message if name is None else f"{form[name].label}: {refusal.message}"


def _field_of(form: forms.Form, refusal: DomainError) -> str | None:
    """The form's field for the domain's name of it; amounts drop their unit on forms."""
    name = refusal.field or _ABOUT.get(refusal.code, "")
    if isinstance(form, PariForm):
        name = form.shown_as(name)
    for candidate in (name, name.removesuffix("_cents"), f"{name}_cents"):
        if candidate in form.fields:
            return candidate
    return None


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """Tell a refusal at the top of the next page; for acts that are a single button."""
    try:
        yield
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.message)


def refusal_page(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A page that says what was refused: 404, 403 or 409."""
    template = {404: "404.html", 403: "403.html"}.get(refusal.status, "409.html")
    return render(request, template, {"refusal": refusal}, status=refusal.status)
