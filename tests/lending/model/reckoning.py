"""What a bookkeeper with a pencil knows by heart: rounding, sharing, the calendar, the plan.

Plain Python that shares nothing with the house: fractions instead of decimals, a calendar that is
written out, months counted on fingers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

DAY = timedelta(days=1)
BASE = [
    (date(2025, 7, 1), Fraction(127, 10_000)),
    (date(2026, 7, 1), Fraction(202, 10_000)),
    (date(2027, 1, 1), Fraction(152, 10_000)),
]
LAST_DAY = date(2027, 11, 30)
"""As far as the pencil knows the calendar."""
HOLIDAYS = "2026-04-03 2026-04-06 2026-05-01 2026-12-25 2027-01-01 2027-03-26 2027-03-29".split()


def cents(exact: Fraction) -> int:
    """Half up."""
    return floor(exact + Fraction(1, 2))


def shared(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainders, ties to the first."""
    whole = sum(weights) or 1
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def is_bank_day(day: date) -> bool:
    """Whether money moves between banks."""
    return day.weekday() < 5 and day.isoformat() not in HOLIDAYS


def payable(day: date) -> date:
    """The bank day on which something due can be paid."""
    while not is_bank_day(day):
        day += DAY
    return day


def bank_days_before(day: date, count: int) -> date:
    """So many bank days earlier."""
    while count:
        day -= DAY
        count -= is_bank_day(day)
    return day


def month_after(day: date, months: int = 1) -> date:
    """The same day of another month, or its last."""
    number = day.year * 12 + day.month + months
    last = date(number // 12, number % 12 + 1, 1) - DAY
    return last.replace(day=min(day.day, last.day))


def days_360(start: date, end: date) -> int:
    """German 30/360."""
    ends = [
        30 if (day + DAY).month == 3 and day.month == 2 else min(day.day, 30)
        for day in (start, end)
    ]
    months = (end.year - start.year) * 12 + end.month - start.month
    return months * 30 + ends[1] - ends[0]


@dataclass
class Paid:
    """What a payment gave one row, and when it was taken back."""

    on: date
    principal: int
    interest: int
    back_on: date | None = None


@dataclass(eq=False)
class Row:
    """One planned payment; `waiting` is what of its interest a break has put off."""

    due: date
    principal: int
    interest: int
    waiting: int = 0
    paid: list[Paid] = field(default_factory=list)
    is_regular: bool = True

    def left(self, day: date | None = None) -> tuple[int, int]:
        """Principal and interest open; at the start of a day, or now."""
        principal, interest = self.principal, self.interest
        for one in self.paid:
            if one.back_on is None if day is None else one.on < day <= (one.back_on or date.max):
                principal -= one.principal
                interest -= one.interest
        return principal, interest

    @property
    def open(self) -> int:
        """All that is open now."""
        return sum(self.left())

    @property
    def still_waiting(self) -> int:
        """What of it was put off and is open; it is paid before other interest."""
        return max(self.waiting - (self.interest - self.left()[1]), 0)

    def bearing(self, day: date) -> int:
        """What of it costs default interest on a day once it is late."""
        principal, interest = self.left(day)
        return principal + interest - max(self.waiting - (self.interest - interest), 0)

    def cut(self) -> Row:
        """End it with what was paid, and give the rest of it."""
        principal, interest = self.left()
        rest = Row(self.due, principal, interest, self.still_waiting, is_regular=False)
        self.principal, self.interest = self.principal - principal, self.interest - interest
        self.waiting = min(self.waiting, self.interest)
        return rest


def period(balance: int, rate: Fraction, start: date, end: date) -> int:
    """Contract interest of one period."""
    return cents(balance * rate * days_360(start, end) / 360)


def run(balance: int, rate: Fraction, dues: Sequence[date], start: date, payment: int) -> list[Row]:
    """The plan of a fixed payment; the last row takes the rest."""
    rows = []
    for due in dues:
        interest = period(balance, rate, start, due)
        principal = balance if due == dues[-1] else min(payment - interest, balance)
        rows.append(Row(due, principal, interest))
        balance, start = balance - principal, due
    return rows


def level(balance: int, rate: Fraction, dues: Sequence[date], start: date) -> list[Row]:
    """The plan of equal payments: the exact one rounded up, and up until the last fits."""
    discount, worth, before = Fraction(1), Fraction(0), start
    for due in dues:
        discount /= 1 + rate * days_360(before, due) / 360
        worth, before = worth + discount, due
    payment = ceil(balance / worth)
    while (rows := run(balance, rate, dues, start, payment)) and rows[-1].open > payment:
        payment += 1
    return rows


def with_break(rows: Sequence[Row], skipped: Sequence[int], rate: Fraction, at_end: bool) -> None:
    """Put a break into coming rows, `skipped` by their places: all move on, interest waits."""
    since = month_after(rows[0].due, -1)
    before = _borne(rows, rate, since)
    kept = [row.due for place, row in enumerate(rows) if place not in skipped]
    added = [month_after(rows[-1].due, number + 1) for number in range(len(skipped))]
    for row, due in zip(rows, kept + added, strict=True):
        row.due = due
    later = rows[min(skipped) :]
    weights = [0] * (len(later) - 1) + [1] if at_end else [1] * len(later)
    cost = _borne(rows, rate, since) - before
    for row, part in zip(later, shared(cost, weights), strict=True):
        row.interest += part
        row.waiting += part


def _borne(rows: Sequence[Row], rate: Fraction, month: date) -> int:
    """What the principal of rows bears, one month after the other, whether or not one is due."""
    borne, balance = 0, sum(row.principal for row in rows)
    principal = {row.due: row.principal for row in rows}
    while balance:
        month = month_after(month)
        borne += cents(balance * rate / 12)
        balance -= principal.get(month, 0)
    return borne
