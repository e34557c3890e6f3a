"""The market's day and the instant, read only at the edges and passed inward as `on` and `at`.

The business date is stored apart from the wall clock: day end closes it and opens the next.
A market may run on a *virtual* clock (a demonstration that lives through a year in minutes);
then an instant is the present time of day on the business date.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
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
    return _read()[0]


def now() -> datetime:
    """The present instant, aware and in UTC; on a virtual clock it falls on the business date."""
    (on, is_virtual), real = _read(), timezone.now()
    if not is_virtual:
        return real
    shift = on - real.astimezone(market_zone()).date()
    return real + timedelta(days=shift.days)


def _read() -> tuple[date, bool]:
    """Business date and whether it is virtual; asked so often that no object is made of it."""
    with connection.cursor() as cursor:
        cursor.execute(_DAY, [MarketDay.ONLY])
        found: tuple[date, bool] | None = cursor.fetchone()
    if found is None:
        made = market_day()
        return made.business_date, made.is_virtual
    return found


_DAY: Final = "SELECT business_date, is_virtual FROM core_marketday WHERE id = %s"


def day_of(at: datetime) -> date:
    """The market's calendar date of an instant."""
    return at.astimezone(market_zone()).date()


@transaction.atomic
def set_business_date(on: date, *, is_virtual: bool) -> None:
    """Open `on` for business and say whether instants follow it or the wall clock."""
    MarketDay.objects.update_or_create(
        pk=MarketDay.ONLY, defaults={"business_date": on, "is_virtual": is_virtual}
    )
