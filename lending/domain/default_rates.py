"""How often loans fail: by 12-month windows as the law asks, and by their age (vintage curves).

The rate of a window is the loans that default in it over the loans that were running and not in
default at its start. Windows do not overlap; the rate shown is their simple mean. A loan counts
as failed from its first default on, whatever comes later.

Source:
    Delegated Regulation (EU) 2022/2115 on default rates of crowdfunding loans.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from core.dates import ONE_DAY, add_months

WINDOW_MONTHS: Final = 12
WINDOWS: Final = 3
"""36 months, or as many whole windows as there were since the first loan."""
_COVERED: Final = 0.95


class Life(NamedTuple):
    """When a loan was paid out, first in default, and closed; None for what has not happened."""

    disbursed_on: date
    defaulted_on: date | None = None
    closed_on: date | None = None


class Window(NamedTuple):
    """Twelve months, first and last day included."""

    from_on: date
    to_on: date


class WindowRate(NamedTuple):
    """How many of the loans that ran in order when the window began went into default in it."""

    window: Window
    defaulted: int
    at_start: int

    @property
    def rate(self) -> Decimal | None:
        """None when there were no loans yet."""
        return Decimal(self.defaulted) / self.at_start if self.at_start else None


class DefaultRate(NamedTuple):
    """The rates of the windows, the earliest first, and their simple mean."""

    windows: tuple[WindowRate, ...]

    @property
    def mean(self) -> Decimal | None:
        """Over the windows that began with loans; None when none did."""
        rates = [each.rate for each in self.windows if each.rate is not None]
        return sum(rates, Decimal(0)) / len(rates) if rates else None

    @property
    def defaulted(self) -> int:
        """The numerators together."""
        return sum(each.defaulted for each in self.windows)

    @property
    def at_start(self) -> int:
        """The denominators together."""
        return sum(each.at_start for each in self.windows)


def windows_until(on: date, first: date) -> list[Window]:
    """Return the latest windows that end on `on` or before, none of which begins before `first`.

    At most three, the earliest first; whole windows only, so none for a young market.
    """
    found, after = [], on + ONE_DAY
    for step in range(1, WINDOWS + 1):
        begins = add_months(after, -WINDOW_MONTHS * step)
        if begins < first:
            break
        found.append(Window(begins, add_months(after, -WINDOW_MONTHS * (step - 1)) - ONE_DAY))
    return found[::-1]


def default_rate(lives: Sequence[Life], windows: Sequence[Window]) -> DefaultRate:
    """Return the default rate of loans over windows."""
    return DefaultRate(tuple(_rate_in(lives, window) for window in windows))


def _rate_in(lives: Sequence[Life], window: Window) -> WindowRate:
    at_start = [life for life in lives if _runs_in_order(life, window.from_on)]
    failed = [life for life in at_start if life.defaulted_on and life.defaulted_on <= window.to_on]
    return WindowRate(window, len(failed), len(at_start))


def _runs_in_order(life: Life, on: date) -> bool:
    """Whether a loan was paid out before `on`, and neither in default nor closed by then."""
    begun = life.disbursed_on < on
    failed = life.defaulted_on is not None and life.defaulted_on < on
    closed = life.closed_on is not None and life.closed_on < on
    return begun and not failed and not closed


def vintage_curve(lives: Sequence[Life], on: date) -> list[Decimal]:
    """Return the share of a cohort that was ever in default, by months on book from 0 on.

    Month m holds what failed before the loan was m + 1 months old. The curve ends with the last
    month that every loan of the cohort has been through.
    """
    if not lives:
        return []
    youngest = max(life.disbursed_on for life in lives)
    seen = months_between(youngest, on + ONE_DAY)
    failed_at = [
        months_between(life.disbursed_on, life.defaulted_on)
        for life in lives
        if life.defaulted_on is not None and life.defaulted_on <= on
    ]
    return [
        Decimal(sum(month <= place for month in failed_at)) / len(lives) for place in range(seen)
    ]


def months_between(start: date, end: date) -> int:
    """Return the whole months from `start` to `end`, by calendar steps from `start`."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def likely_defaults(loans: int, probability: Decimal) -> tuple[int, int]:
    """Return the least and the most defaults that chance alone explains in 95 of 100 cases.

    The central range of the binomial distribution, were each loan to fail by itself.
    """
    chance, tail = float(probability), (1 - _COVERED) / 2
    if not 0 < chance < 1 or not loans:
        certain = loans if chance >= 1 else 0
        return certain, certain
    below, low, high = 0.0, None, loans
    for count in range(loans + 1):
        below += math.exp(_log_chance(count, loans, chance))
        if low is None and below > tail:
            low = count
        if below >= 1 - tail:
            high = count
            break
    return low or 0, high


def _log_chance(count: int, loans: int, chance: float) -> float:
    """The logarithm of the probability of exactly `count` defaults."""
    ways = math.lgamma(loans + 1) - math.lgamma(count + 1) - math.lgamma(loans - count + 1)
    return ways + count * math.log(chance) + (loans - count) * math.log1p(-chance)
