"""How far the days are that staff let pass in the sandbox; kept for an hour, for the panel."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from django.core.cache import cache

KEY: Final = "payments:sandbox-progress"
SECONDS: Final = 3600


@dataclass(frozen=True)
class Progress:
    """So many of so many days have passed; `step` is the act of day end that runs now."""

    passed: int
    days: int
    step: str = ""
    is_over: bool = False


def tell(step: str = "", *, passed: int, days: int, is_over: bool = False) -> None:
    """Write down how far it is."""
    cache.set(KEY, asdict(Progress(passed, days, step, is_over)), SECONDS)


def told() -> Progress | None:
    """How far it is; None when nobody let a day pass lately."""
    found = cache.get(KEY)
    return Progress(**found) if found else None
