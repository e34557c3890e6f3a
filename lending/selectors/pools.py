"""Pool runs as a lender sees his lines, and as everyone sees the pools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from core.errors import NotFound
from lending.models import PoolBooking, PoolRun
from lending.selectors.holdings import holding_of

_AN_HOUR: Final = 60 * 60


def pool_lines_of(user: User) -> QuerySet[PoolBooking]:
    """Every line of a lender's claims in any run, the newest month and version first."""
    return (
        PoolBooking.objects.filter(holding__lender=user)
        .select_related("run", "holding__loan__request")
        .order_by("-run__month", "-run__version", "-id")
    )


def pool_lines_of_holding(user: User, holding_id: int) -> QuerySet[PoolBooking]:
    """The lines of one claim; NotFound for anyone else's."""
    return pool_lines_of(user).filter(holding=holding_of(user, holding_id))


@dataclass(frozen=True)
class RunSeen:
    """One run with what a lender may know of it: its sums, its versions, his own lines.

    Attributes:
        gave_cents: what the run's month has moved from those above the ratio to those below.
    """

    run: PoolRun
    claims: int
    gave_cents: int
    versions: list[PoolRun]
    lines: list[PoolBooking]


def pool_run_of(user: User, run_id: int) -> RunSeen:
    """A run in which this lender has a claim; NotFound otherwise."""
    lines = list(pool_lines_of(user).filter(run=run_id))
    if not lines:
        raise NotFound(f"pool run {run_id}")
    run = lines[0].run
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [run.pk])
        claims, gave_cents = cursor.fetchone()
    versions = PoolRun.objects.filter(
        grade=run.grade, term_months=run.term_months, month=run.month
    ).order_by("version")
    return RunSeen(run, claims, int(gave_cents), list(versions), lines)


@dataclass(frozen=True)
class PoolFigures:
    """One pool for everyone.

    Attributes:
        claims: that still owe something.
        months: that were worked out; `month` is the latest of them.
        shared_cents: given so far to those who had received less than the pool's ratio; as much
            was paid in by the others.
        first_due_cents, first_received_cents: of the latest month when it was first worked out.
        last_due_cents, last_received_cents: of the same month as it stands now.
    """

    grade: str
    term_months: int
    claims: int
    months: int
    month: date | None
    due_cents: int
    received_cents: int
    shared_cents: int
    first_due_cents: int
    first_received_cents: int
    last_due_cents: int
    last_received_cents: int

    @property
    def coverage(self) -> Decimal | None:
        """What came in of all that was due so far; None before anything was due."""
        return _part(self.received_cents, self.due_cents)

    @property
    def first_ratio(self) -> Decimal | None:
        """Of the latest month, as it was first worked out."""
        return _part(self.first_received_cents, self.first_due_cents)

    @property
    def last_ratio(self) -> Decimal | None:
        """Of the latest month, as it stands now."""
        return _part(self.last_received_cents, self.last_due_cents)


def _part(cents: int, of_cents: int) -> Decimal | None:
    return Decimal(cents) / of_cents if of_cents else None


def pool_figures(on: date) -> list[PoolFigures]:
    """All pools that ever had a claim, as they were worked out by `on`; read once an hour."""
    key = f"pool_figures:1:{on.isoformat()}"
    found: list[PoolFigures] | None = cache.get(key)
    if found is None:
        found = _read(on)
        cache.set(key, found, _AN_HOUR)
    return found


def figures_of_pool(grade: str, term_months: int, on: date) -> PoolFigures | None:
    """The figures of one pool; None where nobody has chosen it so far."""
    wanted = grade, term_months
    return next(
        (each for each in pool_figures(on) if (each.grade, each.term_months) == wanted), None
    )


def _read(on: date) -> list[PoolFigures]:
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"on": on})
        return [
            PoolFigures(grade, term, claims, months, month, *(int(cents) for cents in sums))
            for grade, term, claims, months, month, *sums in cursor.fetchall()
        ]


_SUMS: Final = """
SELECT count(*), coalesce(sum(booking_cents) FILTER (WHERE booking_cents > 0), 0)
FROM lending_poolbooking WHERE run_id = %s
"""

_FIGURES: Final = """
WITH known AS (
    SELECT * FROM lending_poolrun WHERE run_on <= %(on)s
), latest AS (
    SELECT DISTINCT ON (grade, term_months, month) * FROM known
    ORDER BY grade, term_months, month, version DESC
), shared AS (
    SELECT run_id, sum(booking_cents) AS cents
    FROM lending_poolbooking WHERE booking_cents > 0 GROUP BY 1
), summed AS (
    SELECT latest.grade, latest.term_months, count(*) AS months, max(latest.month) AS month,
           sum(latest.due_cents) AS due, sum(latest.received_cents) AS received,
           coalesce(sum(shared.cents), 0) AS shared
    FROM latest LEFT JOIN shared ON shared.run_id = latest.id
    GROUP BY 1, 2
), pool AS (
    SELECT loan.grade, loan.term_months,
           count(*) FILTER (WHERE holding.outstanding_cents > 0) AS claims
    FROM lending_holding AS holding JOIN lending_loan AS loan ON loan.id = holding.loan_id
    WHERE holding.cover = 'pool' AND loan.disbursed_on <= %(on)s
    GROUP BY 1, 2
)
SELECT pool.grade, pool.term_months, pool.claims, coalesce(summed.months, 0), summed.month,
       coalesce(summed.due, 0), coalesce(summed.received, 0), coalesce(summed.shared, 0),
       coalesce(first.due_cents, 0), coalesce(first.received_cents, 0),
       coalesce(last.due_cents, 0), coalesce(last.received_cents, 0)
FROM pool
LEFT JOIN summed USING (grade, term_months)
LEFT JOIN known AS first
    ON first.grade = pool.grade AND first.term_months = pool.term_months
    AND first.month = summed.month AND first.version = 1
LEFT JOIN latest AS last
    ON last.grade = pool.grade AND last.term_months = pool.term_months AND last.month = summed.month
ORDER BY 1, 2
"""
