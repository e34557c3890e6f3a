"""`manage.py advance_clock`: lets a market on a virtual clock live through days."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.management.day_bar import close_days


class Command(BaseCommand):
    """Moves the virtual clock forward, one day end after the other."""

    help = "Move the virtual clock forward to DATE or by N days; every day in between is closed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a date or a number of days."""
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument("date", nargs="?", type=date.fromisoformat, metavar="DATE")
        given.add_argument("--days", type=int, metavar="N")

    def handle(
        self, *args: Any, date: date | None = None, days: int | None = None, **options: Any
    ) -> None:
        """Close the days, unless the market follows the wall clock or would go back."""
        day = clock.market_day()
        if not day.is_virtual:
            raise CommandError("This market follows the wall clock; its days end by themselves.")
        until = date or day.business_date + timedelta(days=days or 0)
        if until <= day.business_date:
            raise CommandError(f"The clock only moves forward; it shows {day.business_date}.")
        close_days(self, until)
