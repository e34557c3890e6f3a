"""Where random tests begin: always the same in `make test`, fresh and told in `make soak`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from secrets import randbelow
from typing import Final

VARIABLE: Final = "PARI_FIRST_SEED"
IS_SOAK: Final = os.environ.get("PARI_EXAMPLES") == "soak"
FIRST: Final = int(os.environ.setdefault(VARIABLE, str(randbelow(10**9)) if IS_SOAK else "0"))
"""Written back, so that the processes of one run begin at the same seed."""

_last: list[int] = []


def seeds(*, few: int, many: int) -> range:
    """Return `few` seeds, or `many` in a soak, from the first one on."""
    return range(FIRST, FIRST + (many if IS_SOAK else few))


def tried(given: Iterable[int]) -> Iterator[int]:
    """Yield the seeds and note which one is at work, for the report of a failure."""
    for seed in given:
        _last[:] = [seed]
        yield seed


def forget() -> None:
    """Note that no seed is at work."""
    _last.clear()


def told() -> str:
    """Say how to have the same seeds again, and which one was at work."""
    again = f"the same again: {VARIABLE}={FIRST}" + (" PARI_EXAMPLES=soak" if IS_SOAK else "")
    return f"{again}; at work was seed {_last[0]}" if _last else again
