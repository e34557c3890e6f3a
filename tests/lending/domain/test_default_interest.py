"""Default interest: actual/365 at base rate + 5 points, exact until the one rounding."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis.strategies import dates, integers, lists, tuples

from lending.domain.default_interest import (
    LateDue,
    Payment,
    Span,
    default_interest_cents,
    default_rate,
    spans_of,
)

RATES = [
    (date(2025, 1, 1), Decimal("0.0227")),
    (date(2025, 7, 1), Decimal("0.0127")),
    (date(2026, 1, 1), Decimal("0.0127")),
]
FIRST = date(2025, 1, 1)


def test_a_worked_example() -> None:
    """202.76 late for 31 days at 1.27 + 5 %: 202.76 * 0.0627 * 31 / 365 = 1.0797."""
    due = LateDue(date(2026, 3, 3), 136_09, 66_67, 0)
    spans = spans_of([due], RATES, FIRST, date(2026, 4, 2))
    assert spans == [Span(date(2026, 3, 3), date(2026, 4, 2), 202_76, Decimal("0.0627"))]
    assert spans[0].days == 31
    assert default_interest_cents(spans) == 108


def test_a_new_base_rate_splits_the_span_and_an_unchanged_one_does_not() -> None:
    due = LateDue(date(2025, 6, 2), 1_000_00, 0, 0)
    spans = spans_of([due], RATES, FIRST, date(2026, 1, 31))
    assert spans == [
        Span(date(2025, 6, 2), date(2025, 6, 30), 1_000_00, Decimal("0.0727")),
        Span(date(2025, 7, 1), date(2026, 1, 31), 1_000_00, Decimal("0.0627")),
    ]
    exact = 1_000_00 * (Decimal("0.0727") * 29 + Decimal("0.0627") * 215) / 365
    assert default_interest_cents(spans) == round(exact)


def test_the_day_of_payment_counts_and_the_day_after_does_not() -> None:
    paid = Payment(date(2026, 3, 10), None, 100_00, 0)
    due = LateDue(date(2026, 3, 3), 100_00, 0, 0, (paid,))
    assert spans_of([due], RATES, FIRST, date(2026, 5, 1)) == [
        Span(date(2026, 3, 3), date(2026, 3, 10), 100_00, Decimal("0.0627"))
    ]


def test_a_payment_that_came_back_leaves_it_late_from_the_day_after() -> None:
    paid = Payment(date(2026, 3, 2), date(2026, 4, 10), 100_00, 0)
    due = LateDue(date(2026, 3, 3), 100_00, 0, 0, (paid,))
    assert spans_of([due], RATES, FIRST, date(2026, 4, 20)) == [
        Span(date(2026, 4, 11), date(2026, 4, 20), 100_00, Decimal("0.0627"))
    ]


def test_interest_that_a_break_put_off_bears_none() -> None:
    due = LateDue(date(2026, 3, 3), 100_00, 30_00, 20_00)
    assert due.bearing_cents(date(2026, 3, 3)) == 110_00
    paid = LateDue(
        date(2026, 3, 3), 100_00, 30_00, 20_00, (Payment(date(2026, 3, 4), None, 0, 30_00),)
    )
    assert paid.bearing_cents(date(2026, 3, 5)) == 100_00
    part = paid._replace(payments=(Payment(date(2026, 3, 4), None, 0, 15_00),))
    assert part.bearing_cents(date(2026, 3, 5)) == 110_00


def test_a_base_rate_far_below_zero_is_no_credit() -> None:
    assert default_rate(Decimal("-0.0088")) == Decimal("0.0412")
    assert default_rate(Decimal("-0.06")) == 0


_DUES = lists(
    tuples(dates(FIRST, date(2026, 6, 1)), integers(1, 10**7), integers(0, 10**5)), max_size=5
)


@given(dues=_DUES, days=integers(0, 400))
def test_a_year_charged_day_by_day_is_the_year_charged_at_once(
    dues: list[tuple[date, int, int]], days: int
) -> None:
    late = [LateDue(on, principal, interest, 0) for on, principal, interest in dues]
    through = FIRST + timedelta(days=days)
    spans = spans_of(late, RATES, FIRST, through)
    by_day = [
        span
        for day in range(days + 1)
        for span in spans_of(late, RATES, FIRST + timedelta(days=day), FIRST + timedelta(days=day))
    ]
    assert sum(span.days for span in by_day) == sum(span.days for span in spans)
    assert default_interest_cents(by_day) == default_interest_cents(spans)
