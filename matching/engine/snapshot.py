"""A market as canonical bytes, and back: what a round stores of what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from matching.engine.frames import BrokenFrame, digest, frames, read_frames
from matching.engine.problem import (
    UNIT_CENTS,
    Ints,
    Lenders,
    Mandates,
    Market,
    Pairs,
    Requests,
    market,
)

VERSION: Final = 1
_TABLES: Final = {
    "lenders": Lenders,
    "mandates": Mandates,
    "requests": Requests,
    "exposures": Pairs,
    "offers": Pairs,
}
_FLAGS: Final = ("grades", "terms", "purposes")


def market_bytes(given: Market) -> bytes:
    """The canonical bytes of a market."""
    return b"".join(_pieces(given))


def market_sha256(given: Market) -> str:
    """The name of a market: the hash of its canonical bytes."""
    return digest(_pieces(given))


def market_from_bytes(data: bytes) -> Market:
    """The market that the bytes describe; raises BrokenFrame or MarketError."""
    facts, columns = read_frames(data)
    if (facts.get("market"), facts.get("unit_cents")) != (VERSION, UNIT_CENTS):
        raise BrokenFrame("this is no market of this version")
    try:
        tables: dict[str, Any] = {name: _table(name, columns) for name in _TABLES}
        terms, purposes = facts["terms"], facts["purposes"]
    except KeyError as error:
        raise BrokenFrame(f"{error.args[0]} is missing") from error
    return market(terms=terms, purposes=purposes, **tables)


def _pieces(given: Market) -> Iterator[bytes]:
    facts = {
        "market": VERSION,
        "unit_cents": UNIT_CENTS,
        "terms": given.terms,
        "purposes": given.purposes,
    }
    columns = {
        f"{name}.{field.name}": getattr(getattr(given, name), field.name)
        for name, kind in _TABLES.items()
        for field in fields(kind)
    }
    return frames(facts, columns)


def _table(name: str, columns: dict[str, Ints]) -> Any:
    kind = _TABLES[name]
    found = {field.name: columns[f"{name}.{field.name}"] for field in fields(kind)}
    for flag in _FLAGS:
        if flag in found:
            found[flag] = found[flag].astype(bool)
    return kind(**found)
