"""Rules of the rounds that are numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MANDATES_SHARE: Final = ((timedelta(days=2), 50), (timedelta(days=4), 75))
"""Until a request is so old, mandates may hold so many percent of it; afterwards all of it.

The rest waits for bids by hand, so that a person who looks every other day finds something.
"""

QUIET: Final = timedelta(seconds=2)
"""A round asked for runs after so long; what else happens meanwhile goes into the same round."""

PERIOD: Final = timedelta(seconds=50)
"""Unasked, a round runs when the last attempt is this old; less than the beat's minute."""

SHARD_STAKES: Final = 5_000
"""So many stakes are booked in one transaction, whole requests at a time."""

RATE_SCALE: Final = 100_000
"""The engine counts rates in hundred-thousandths."""

SPREAD_COVERAGE: Final = 2_000
"""An auction that spreads wants offers over so many thousandths of the amount at its price."""
