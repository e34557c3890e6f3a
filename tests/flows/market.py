"""A market on a virtual clock: its first day, its lenders with money, the days that pass."""

from __future__ import annotations

from datetime import date
from typing import Final

from accounts.models import User
from accounts.services import choose_language
from core import clock
from core.day_end import close_day
from tests.payments import world

FIRST_DAY: Final = world.MONDAY
"""A Monday on which the operator and the lenders put in their money."""


def open_market() -> None:
    """Let market and provider begin, with what the provider's charges will take."""
    clock.set_business_date(FIRST_DAY, is_virtual=True)
    world.begin()
    world.cover_charges(FIRST_DAY)


def lender_with(cents: int, language: str = "en") -> User:
    """A verified lender whose money has arrived."""
    lender = world.rich_lender(cents, FIRST_DAY)
    return choose_language(user=lender, language=language)


def pass_days(until: date) -> None:
    """Close one business date after the other until `until` is open."""
    while clock.business_date() < until:
        assert close_day(at=clock.now()) is not None
