"""The words of a message, in a given language, from templates/email/<kind>.txt.

The first line of a template is the subject, the rest is the text. The templates see the facts as
people read them: `amount_cents` as `amount`, `annual_rate` as `annual`, dates and instants under
their own names, lists of codes as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from core.wording import facts_in_words
from notifications.models import Message


class Letter(NamedTuple):
    """A message in words."""

    subject: str
    body: str


def words(message: Message, language: str | None = None) -> Letter:
    """Subject and text of a message for a page; in the active language unless one is given."""
    with translation.override(language or translation.get_language()):
        said = render_to_string(f"email/{message.kind}.txt", _context(message.facts))
    subject, _, body = said.strip().partition("\n")
    return Letter(" ".join(subject.split()), body.strip())


def letter(message: Message, language: str) -> Letter:
    """The message as an e-mail: its words between greeting and footer."""
    inner = words(message, language)
    context = {"body": inner.body, "link": settings.SITE_URL}
    with translation.override(language):
        return Letter(inner.subject, render_to_string("email/_letter.txt", context).strip() + "\n")


def _context(facts: Mapping[str, object]) -> dict[str, object]:
    typed = {name: _typed(name, value) for name, value in facts.items()}
    kept = {name: value for name, value in typed.items() if isinstance(value, list | bool)}
    figures = {name: value for name, value in typed.items() if name not in kept}
    return {**facts_in_words(figures), **kept}


def _typed(name: str, value: object) -> object:
    """Read a stored fact back by the ending of its name."""
    if not isinstance(value, str):
        return value
    if name.endswith("_rate"):
        return Decimal(value)
    if name.endswith("_on"):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if name.endswith("_at") else value
