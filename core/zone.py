"""The zone in which due dates and deadlines are meant."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings


def market_zone() -> ZoneInfo:
    """The market's time zone, from the settings."""
    return ZoneInfo(settings.MARKET_TIME_ZONE)
