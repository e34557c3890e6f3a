"""The time of day on a virtual market, the same whenever the tests run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import timezone

from core import clock
from core.zone import market_zone

HOUR = 15
"""In the afternoon: later than everything that the factories do on their first morning."""


def begin_in_the_afternoon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the market's clock stand at three and go on from there; nothing else is moved."""
    begun = timezone.now().astimezone(market_zone())
    shift = begun.replace(hour=HOUR, minute=0, second=0, microsecond=0) - begun
    told = SimpleNamespace(now=lambda: timezone.now() + shift)
    monkeypatch.setattr(clock, "timezone", told)
