"""What all facts have in common: an id, the raw JSON, and how its instants and ids are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Raw = dict[str, Any]


def instant(seconds: int) -> datetime:
    """An instant from seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def id_of(value: Any) -> str:
    """The id of an object that may have been sent whole, as an id, or not at all."""
    if isinstance(value, dict):
        return str(value["id"])
    return value or ""


@dataclass(frozen=True)
class Fact:
    """Any object of the provider."""

    id: str
    raw: Raw = field(repr=False, compare=False)
