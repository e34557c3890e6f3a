"""The provider's clock: the wall clock moved forwards or back by a stored distance.

It runs on by itself and jumps when `control` advances it, so that a year of debits and payouts
can pass in a minute and every object still bears a believable time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from payments.sandbox.models import Clock
from payments.sandbox.sql import rows

BANK_HOUR: Final = time(6)
"""When the day's bank files are worked off, in UTC."""
EVENING: Final = time(18)
"""The hour to which a day is advanced: after the bank's work, before midnight anywhere near."""


def ahead() -> timedelta:
    """The distance between the provider's clock and the wall clock."""
    found = rows("SELECT ahead FROM payments_sandbox_clock WHERE id = 1")
    return found[0][0] if found else timedelta()


def now() -> datetime:
    """The provider's present instant."""
    return wall() + ahead()


def wall() -> datetime:
    """The wall clock, aware and in UTC."""
    return datetime.now(UTC)


def set_to(at: datetime) -> None:
    """Make `at` the present instant."""
    Clock.objects.update_or_create(pk=Clock.ONLY, defaults={"ahead": at - wall()})


def bank_hour(on: date) -> datetime:
    """The instant at which the bank works off the files of `on`."""
    return datetime.combine(on, BANK_HOUR, UTC)


def evening(on: date) -> datetime:
    """The instant to which the clock goes when `on` is over for the bank."""
    return datetime.combine(on, EVENING, UTC)


def day_of(at: datetime) -> date:
    """The provider's calendar date of an instant."""
    return at.astimezone(ZoneInfo(settings.MARKET_TIME_ZONE)).date()


def seconds(at: datetime) -> int:
    """Seconds since 1970, as the API writes instants."""
    return int(at.timestamp())
