"""What being late costs: actual/365 at the base rate and five points more, rounded once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import Final, NamedTuple

from core.dates import ONE_DAY
from core.money import to_cents

POINTS_ABOVE_BASE: Final = Decimal("0.05")
NOT_PURSUED_BELOW_CENTS: Final = 1_00
"""A loan that is otherwise paid is closed when less than this is left of default interest."""
_PRECISE: Final = Context(prec=50)


class Span(NamedTuple):
    """Days, the first and the last included, on which one overdue sum bears one rate."""

    from_on: date
    to_on: date
    overdue_cents: int
    annual_rate: Decimal

    @property
    def days(self) -> int:
        """How many days it covers."""
        return (self.to_on - self.from_on).days + 1


class Payment(NamedTuple):
    """What was paid on an instalment on a day, and the day on which the bank took it back."""

    received_on: date
    reversed_on: date | None
    principal_cents: int
    interest_cents: int


class LateDue(NamedTuple):
    """An instalment and what was paid of it, as far as default interest is concerned.

    Attributes:
        late_from: the first day on which it is overdue: the day after it could have been paid.
        deferred_cents: the part of the interest that an agreed break put off; it bears none, and
            what is paid of the interest is paid of that part first.
    """

    late_from: date
    principal_cents: int
    interest_cents: int
    deferred_cents: int
    payments: tuple[Payment, ...] = ()

    def bearing_cents(self, on: date) -> int:
        """What of it bears default interest on a day; the day on which it is paid counts."""
        if on < self.late_from:
            return 0
        principal, interest = self.principal_cents, self.interest_cents
        for paid in self.payments:
            if paid.received_on < on and (paid.reversed_on is None or on <= paid.reversed_on):
                principal -= paid.principal_cents
                interest -= paid.interest_cents
        deferred = max(self.deferred_cents - (self.interest_cents - interest), 0)
        return principal + interest - deferred

    def changes(self) -> Iterable[date]:
        """The days from which on another sum of it may be overdue."""
        yield self.late_from
        for paid in self.payments:
            yield paid.received_on + ONE_DAY
            if paid.reversed_on is not None:
                yield paid.reversed_on + ONE_DAY


def default_rate(base_rate: Decimal) -> Decimal:
    """The yearly rate on overdue money: section 288(1) with section 497(1) BGB."""
    return max(base_rate + POINTS_ABOVE_BASE, Decimal(0))


def spans_of(
    dues: Sequence[LateDue],
    base_rates: Sequence[tuple[date, Decimal]],
    from_on: date,
    through: date,
) -> list[Span]:
    """The spans of days on which something was overdue, each with one sum and one rate.

    Overdue instalments bear it with their contract interest, which is part of the amount owed
    (section 497(1) BGB); default interest bears none, nor does interest that a break put off.
    A new base rate, on 1 January or 1 July, begins a new span.

    Args:
        base_rates: days from which each holds, oldest first.
        from_on: no day before this is looked at, nor any on which no base rate was known.
    """
    if not base_rates:
        return []
    from_on = max(from_on, base_rates[0][0])
    if through < from_on:
        return []
    days = {from_on, *(valid_from for valid_from, _rate in base_rates)}
    days.update(day for due in dues for day in due.changes())
    starts = sorted(day for day in days if from_on <= day <= through)
    spans: list[Span] = []
    for start, after in zip(starts, [*starts[1:], through + ONE_DAY], strict=True):
        cents = sum(due.bearing_cents(start) for due in dues)
        if cents:
            _append(spans, Span(start, after - ONE_DAY, cents, _rate_on(base_rates, start)))
    return spans


def _append(spans: list[Span], span: Span) -> None:
    """Add a span, or lengthen the last one where nothing but the day is different."""
    last = spans[-1] if spans else None
    is_same = last is not None and last[2:] == span[2:]
    if last is not None and is_same and last.to_on + ONE_DAY == span.from_on:
        spans[-1] = last._replace(to_on=span.to_on)
    else:
        spans.append(span)


def _rate_on(base_rates: Sequence[tuple[date, Decimal]], on: date) -> Decimal:
    held = [rate for valid_from, rate in base_rates if valid_from <= on]
    return default_rate(held[-1])


def default_interest_cents(spans: Iterable[Span]) -> int:
    """What all spans of a loan bear together: summed exactly, rounded half up once."""
    with localcontext(_PRECISE):
        exact = sum(
            (span.overdue_cents * span.days * span.annual_rate for span in spans), Decimal(0)
        )
        return to_cents(exact / 365)
