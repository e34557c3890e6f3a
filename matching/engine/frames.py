"""Tables of whole numbers as bytes: one line of JSON that names the columns, then the columns.

The same tables give the same bytes on every machine (little-endian int64, keys sorted), so that a
hash of them names a market or a result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.engine.problem import Ints

_WORD: Final = np.dtype("<i8")
Columns = Mapping[str, NDArray[Any]]


class BrokenFrame(ValueError):
    """The bytes are not what `frames` writes."""


def frames(facts: Mapping[str, object], columns: Columns) -> Iterator[bytes]:
    """The bytes, piece by piece; columns may be of any whole or boolean type and of two axes."""
    shapes = [[name, *column.shape] for name, column in columns.items()]
    head = json.dumps({"facts": facts, "columns": shapes}, sort_keys=True, separators=(",", ":"))
    yield head.encode() + b"\n"
    for column in columns.values():
        yield np.ascontiguousarray(column, dtype=_WORD).tobytes()


def digest(pieces: Iterable[bytes]) -> str:
    """SHA-256 of the pieces, in hexadecimal."""
    found = sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def read_frames(data: bytes) -> tuple[dict[str, Any], dict[str, Ints]]:
    """The facts and columns that `frames` wrote; raises BrokenFrame."""
    line, found, _ = data.partition(b"\n")
    try:
        head = json.loads(line)
        facts, shapes = (
            dict(head["facts"]),
            [(str(name), sizes) for name, *sizes in head["columns"]],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenFrame("the first line names no columns") from error
    place, columns = len(line) + len(found), {}
    for name, sizes in shapes:
        count = int(np.prod(sizes, dtype=np.int64))
        if place + count * _WORD.itemsize > len(data):
            raise BrokenFrame(f"column {name} is cut off")
        column = np.frombuffer(data, _WORD, count, place).astype(np.int64)
        columns[name] = column.reshape(sizes)
        place += count * _WORD.itemsize
    if place != len(data):
        raise BrokenFrame("there is more than the first line names")
    return facts, columns
