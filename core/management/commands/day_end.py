"""`manage.py day_end`: closes business dates by hand, with a bar for each day."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.dates import ONE_DAY
from core.management.day_bar import close_days


class Command(BaseCommand):
    """Closes every day before the one that is to be open afterwards."""

    help = (
        "Close business dates up to (not including) DATE. Without a date: every day before today, "
        "or on a virtual clock one day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the day that is to be open afterwards."""
        parser.add_argument("--until", type=date.fromisoformat, metavar="DATE")

    def handle(self, *args: Any, until: date | None = None, **options: Any) -> None:
        """Close the days, unless they have not yet come."""
        day = clock.market_day()
        today = clock.calendar_date()
        if until is None:
            until = day.business_date + ONE_DAY if day.is_virtual else today
        if not day.is_virtual and until > today:
            raise CommandError(f"{until} has not come yet; today is {today}.")
        close_days(self, until)
