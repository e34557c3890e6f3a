"""Rules of the rounds that are numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

QUIET: Final = timedelta(seconds=2)
"""A round asked for runs after so long; what else happens meanwhile goes into the same round."""

PERIOD: Final = timedelta(seconds=50)
"""Unasked, a round runs when the last attempt is this old; less than the beat's minute."""

SHARD_STAKES: Final = 100_000
"""So many stakes are booked in one transaction, whole requests at a time."""

RATE_SCALE: Final = 100_000
"""The engine counts rates in hundred-thousandths."""

SPREAD_COVERAGE: Final = 2_000
"""An auction that spreads wants offers over so many thousandths of the amount at its price."""
