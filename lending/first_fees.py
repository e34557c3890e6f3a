"""The price list that a new marketplace opens with; staff date later rows themselves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

OPENING_DAY: Final = date(2020, 1, 1)
OPENING_FEES: Final = {"borrower": Decimal("0.025"), "lender": Decimal("0.01")}


def store_opening_fees(**_signal: Any) -> None:
    """Fill an empty fee table after the tables were made; a filled one is left as it is."""
    from lending.models import FeeRate

    if FeeRate.objects.exists():
        return
    FeeRate.objects.bulk_create(
        FeeRate(kind=kind, rate=rate, valid_from=OPENING_DAY) for kind, rate in OPENING_FEES.items()
    )
