"""Reading bodies: JSON of bounded size and depth, with no float, no NaN and no doubled name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser

from api.errors import TooLarge

MAX_DEPTH: Final = 16
MAX_DIGITS: Final = 40
"""No amount, id or rate of ours comes near; Python itself would take thousands."""


class StrictJSONParser(BaseParser):
    """Parses UTF-8 JSON; numbers with a point or an exponent become Decimal, never float."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the document; raises TooLarge, or ParseError with a sentence."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            document = json.loads(
                body.decode("utf-8"),
                parse_int=_whole_number,
                parse_float=_decimal,
                parse_constant=_no_such_number,
                object_pairs_hook=_once_each,
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not JSON that can be read.")) from error
        _check(document)
        return document


def _whole_number(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    return Decimal(text)


def _no_such_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _check(value: Any, path: tuple[str, ...] = ()) -> None:
    """Refuse what is nested too deep and text that no database can store, naming the place."""
    if len(path) > MAX_DEPTH:
        raise ParseError(_("This is nested too deep."))
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key, path)
            _check(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _check(inner, (*path, str(position)))
    elif isinstance(value, str):
        _check_text(value, path)


def _check_text(text: str, path: tuple[str, ...]) -> None:
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        sentence = _("Text must not contain NUL or half of a surrogate pair.")
        raise ValidationError({".".join(path): [sentence]}, code="unstorable_text")
