"""The price list, as it stands on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from core.errors import NotFound
from lending.models import FeeKind, FeeRate


def fee_rate(kind: FeeKind, on: date) -> Decimal:
    """The share of an amount that `kind` costs on `on`; NotFound before the first row."""
    rows = FeeRate.objects.filter(kind=kind, valid_from__lte=on).order_by("-valid_from")
    rate = rows.values_list("rate", flat=True).first()
    if rate is None:
        raise NotFound(f"fee {kind} on {on}")
    return rate


def recovery_fee_rate(on: date) -> Decimal:
    """The share that the house keeps of what is recovered after a write-off; none unless set."""
    rows = FeeRate.objects.filter(kind=FeeKind.RECOVERY, valid_from__lte=on)
    rate = rows.order_by("-valid_from").values_list("rate", flat=True).first()
    return Decimal(0) if rate is None else rate


def price_list() -> QuerySet[FeeRate]:
    """Every fee with its date of validity, newest first within its kind."""
    return FeeRate.objects.order_by("kind", "-valid_from")
