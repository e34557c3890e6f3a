"""Both ways to pay for the days before the first whole month, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from lending.choices import DUE_DAYS, MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS, SHARE_CENTS, FirstPeriod
from lending.domain.pricing import price
from lending.domain.quote import Quote
from web.representative import figures


class Way(NamedTuple):
    """One of the ways, and what the loan would cost by it."""

    choice: FirstPeriod
    quote: Quote
    is_chosen: bool


def both_ways(given: Mapping[str, Any], *, grade: str, on: date) -> list[Way]:
    """Work out both for what a form or a draft holds; nothing while amount or term are open.

    At the highest rate accepted, else at the posted one of `grade`, as if paid out on `on`.
    """
    cents, months = given.get("amount_cents"), given.get("term_months")
    if not cents or not months or not may_be_asked(cents):
        return []
    rate: Decimal = given.get("max_rate") or price(grade, months).posted
    day = given.get("due_day") or DUE_DAYS[0]
    chosen = given.get("first_period") or FirstPeriod.EQUAL
    return [
        Way(
            choice,
            figures(cents, rate, months, on, due_day=day, first_period=choice),
            is_chosen=choice == chosen,
        )
        for choice in FirstPeriod
    ]


def may_be_asked(cents: int) -> bool:
    """Whether an amount is one that the market takes."""
    return MIN_AMOUNT_CENTS <= cents <= MAX_AMOUNT_CENTS and cents % SHARE_CENTS == 0
