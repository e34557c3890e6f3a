"""The base rates known when a marketplace opens; staff enter later ones, with four eyes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

SOURCE: Final = "Deutsche Bundesbank, section 247 BGB"
OPENING_BASE_RATES: Final = {
    date(2024, 1, 1): Decimal("0.0362"),
    date(2024, 7, 1): Decimal("0.0337"),
    date(2025, 1, 1): Decimal("0.0227"),
    date(2025, 7, 1): Decimal("0.0127"),
    date(2026, 1, 1): Decimal("0.0127"),
}


def store_opening_base_rates(**_signal: Any) -> None:
    """Fill an empty table after the tables were made; a filled one is left as it is."""
    from lending.models import BaseRate

    if BaseRate.objects.exists():
        return
    BaseRate.objects.bulk_create(
        BaseRate(
            rate=rate,
            valid_from=valid_from,
            source=SOURCE,
            approved_at=datetime(valid_from.year, valid_from.month, valid_from.day, tzinfo=UTC),
        )
        for valid_from, rate in OPENING_BASE_RATES.items()
    )
