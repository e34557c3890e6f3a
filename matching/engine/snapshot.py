"""A market as canonical bytes, and back: what a round stores of what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

import numpy as np

from matching.engine.frames import BrokenFrame, digest, frames, read_frames
from matching.engine.problem import (
    ANY_NET_RATE,
    PURE_PRICE,
    UNIT_CENTS,
    Ints,
    Lenders,
    Mandates,
    Market,
    Pairs,
    Requests,
    market,
)

VERSION: Final = 2
"""1 knew no auctions, no parts and no traits; it can still be read."""
_TABLES: Final = {
    "lenders": Lenders,
    "mandates": Mandates,
    "requests": Requests,
    "exposures": Pairs,
    "offers": Pairs,
}
_FLAGS: Final = ("grades", "terms", "purposes", "refused", "traits")


def market_bytes(given: Market) -> bytes:
    """The canonical bytes of a market."""
    return b"".join(_pieces(given))


def market_sha256(given: Market) -> str:
    """The name of a market: the hash of its canonical bytes."""
    return digest(_pieces(given))


def market_from_bytes(data: bytes) -> Market:
    """The market that the bytes describe; raises BrokenFrame or MarketError."""
    facts, columns = read_frames(data)
    if facts.get("unit_cents") != UNIT_CENTS or facts.get("market") not in (1, VERSION):
        raise BrokenFrame("this is no market of this version")
    try:
        if facts["market"] == 1:
            facts["traits"], columns = [], columns | _neutral(columns)
        tables: dict[str, Any] = {name: _table(name, columns) for name in _TABLES}
        words = {name: facts[name] for name in ("terms", "purposes", "traits")}
    except KeyError as error:
        raise BrokenFrame(f"{error.args[0]} is missing") from error
    return market(**words, **tables)


def _neutral(columns: dict[str, Ints]) -> dict[str, Ints]:
    """What the first version did not know, at the values that change nothing."""
    mandates, requests = len(columns["mandates.ids"]), len(columns["requests.ids"])
    return {
        "mandates.min_net_rate": np.full(mandates, ANY_NET_RATE),
        "mandates.refused": np.zeros((mandates, 0), np.int64),
        "requests.least_cents": columns["requests.amount_cents"],
        "requests.floor_rate": columns["requests.rate"],
        "requests.coverage": np.full(requests, PURE_PRICE),
        "requests.loss_rate": np.zeros(requests, np.int64),
        "requests.traits": np.zeros((requests, 0), np.int64),
    }


def _pieces(given: Market) -> Iterator[bytes]:
    facts = {
        "market": VERSION,
        "unit_cents": UNIT_CENTS,
        "terms": given.terms,
        "purposes": given.purposes,
        "traits": given.traits,
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
