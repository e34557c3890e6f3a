"""Turns `a[b][0]=c` into nested dictionaries, as the provider's first API version reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from payments.sandbox.errors import bad_parameter

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Return nested dictionaries of text; lists are dictionaries keyed "0", "1", ... in order."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _put(found, name, value)
    return found


def encode(values: dict[str, Any]) -> str:
    """Return the text of which `decode` makes these values."""
    return urlencode(list(_pairs(values)))


def _pairs(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, list):
            value = {str(number): part for number, part in enumerate(value)}
        if isinstance(value, dict):
            yield from _pairs(value, name)
        else:
            yield name, str(value)


def _put(found: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.match(name)
    if match is None:
        raise bad_parameter(f"Received unknown parameter: {name}", param=name)
    path = [match.group(1), *_PART.findall(match.group(2))]
    inner = found
    for part in path[:-1]:
        inner = inner.setdefault(part or str(len(inner)), {})
        if not isinstance(inner, dict):
            raise bad_parameter("Invalid request (check that your parameters nest)", param=name)
    inner[path[-1] or str(len(inner))] = value
