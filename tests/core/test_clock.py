"""The business date stands apart from the wall clock; instants follow a virtual one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from core import clock
from core.models import MarketDay

pytestmark = pytest.mark.django_db


@time_machine.travel(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), tick=False)
def test_a_new_market_opens_today_in_its_own_zone() -> None:
    assert clock.business_date() == date(2026, 4, 1)  # half past midnight in Berlin
    assert clock.calendar_date() == date(2026, 4, 1)
    assert not clock.market_day().is_virtual


@time_machine.travel(datetime(2026, 3, 10, 12, 0, tzinfo=UTC), tick=False)
def test_the_business_date_stays_until_day_end_moves_it() -> None:
    clock.set_business_date(date(2026, 3, 8), is_virtual=False)
    assert clock.business_date() == date(2026, 3, 8)
    assert clock.now() == datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("on", [date(2025, 1, 1), date(2026, 7, 1), date(2031, 12, 31)])
def test_on_a_virtual_clock_the_instant_falls_on_the_business_date(on: date) -> None:
    clock.set_business_date(on, is_virtual=True)
    with time_machine.travel(datetime(2026, 3, 10, 12, 0, tzinfo=UTC), tick=False):
        now = clock.now()
    assert clock.day_of(now) == on
    assert now.tzinfo is not None
    assert abs(now.hour - 12) <= 1


def test_the_day_of_an_instant_is_the_market_s_calendar_date() -> None:
    assert clock.day_of(datetime(2026, 1, 31, 22, 59, tzinfo=UTC)) == date(2026, 1, 31)
    assert clock.day_of(datetime(2026, 1, 31, 23, 0, tzinfo=UTC)) == date(2026, 2, 1)


def test_there_is_one_market_day() -> None:
    clock.business_date()
    with pytest.raises(IntegrityError), transaction.atomic():
        MarketDay.objects.create(pk=2, business_date=date(2026, 1, 1))


def test_setting_the_date_again_moves_the_one_row() -> None:
    clock.set_business_date(date(2026, 1, 1), is_virtual=True)
    clock.set_business_date(date(2026, 1, 1) + timedelta(days=400), is_virtual=False)
    row = MarketDay.objects.get()
    assert (row.business_date, row.is_virtual) == (date(2027, 2, 5), False)
