"""The market's day and the instant, read only at the edges and passed inward as `on` and `at`.

The business date is stored apart from the wall clock: day end closes it and opens the next.
A market may run on a *virtual* clock (a demonstration that lives through a year in minutes);
then an instant is the present time of day on the business date.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from core.models import MarketDay
from core.zone import market_zone


def calendar_date() -> date:
    """Today by the wall clock, in the market's zone."""
    return timezone.now().astimezone(market_zone()).date()


def market_day() -> MarketDay:
    """The one row that holds the business date; made on first use."""
    return MarketDay.objects.get_or_create(
        pk=MarketDay.ONLY, defaults={"business_date": calendar_date()}
    )[0]


def business_date() -> date:
    """The day that is open for business."""
    return market_day().business_date


def now() -> datetime:
    """The present instant, aware and in UTC; on a virtual clock it falls on the business date."""
    day, real = market_day(), timezone.now()
    if not day.is_virtual:
        return real
    shift = day.business_date - real.astimezone(market_zone()).date()
    return real + timedelta(days=shift.days)


def day_of(at: datetime) -> date:
    """The market's calendar date of an instant."""
    return at.astimezone(market_zone()).date()


@transaction.atomic
def set_business_date(on: date, *, is_virtual: bool) -> None:
    """Open `on` for business and say whether instants follow it or the wall clock."""
    MarketDay.objects.update_or_create(
        pk=MarketDay.ONLY, defaults={"business_date": on, "is_virtual": is_virtual}
    )
