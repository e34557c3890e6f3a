"""What is known of a pool's loans: dues, payments, waivers; worked out in the domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection

from lending.domain.pools import LoanFacts, MonthClaim, PoolLine, claims_by_month, split_parts
from lending.models import PoolBooking
from lending.selectors import pool_sql as sql

_LOOSE: Final = date(9999, 12, 1)
_ALONE: Final = date(1, 1, 1)
"""In place of a month: what pays the oldest dues, and what is no matter of the pool."""


class Pool(NamedTuple):
    """Claims on loans of one grade and term whose lenders chose to share."""

    grade: str
    term_months: int


@dataclass(frozen=True)
class PoolFacts:
    """The loans of a pool by their key, and which of their holdings are in it."""

    loans: dict[int, LoanFacts]
    pooled: frozenset[int]

    def months(self) -> dict[date, list[MonthClaim]]:
        """What the pool's claims were due and have received, by month."""
        found: dict[date, list[MonthClaim]] = defaultdict(list)
        for loan in self.loans.values():
            for month, claims in claims_by_month(loan).items():
                found[month] += [claim for claim in claims if claim.holding_id in self.pooled]
        return found


def pools() -> list[Pool]:
    """Every pool that has ever had a claim, by grade and term."""
    return [Pool(*row) for row in _rows(sql.POOLS, {})]


def pool_lenders(pool: Pool) -> set[int]:
    """Whose claims are in the pool."""
    return {lender for (lender,) in _rows(sql.LENDERS, pool._asdict())}


def pool_facts(pool: Pool) -> PoolFacts:
    """Everything that counts of a pool; loans whose contract was withdrawn from count no more.

    The caller holds the lenders' accounts, so that no payment changes it meanwhile.
    """
    given = pool._asdict() | {"loose": _LOOSE, "alone": _ALONE}
    loans: dict[int, LoanFacts] = defaultdict(LoanFacts)
    loan_of, pooled = {}, set()
    for loan, holding, cents, is_pooled in _rows(sql.POOLED + sql.HOLDINGS, given):
        loans[loan].holdings[holding] = cents
        loan_of[holding] = loan
        if is_pooled:
            pooled.add(holding)
    for loan, month, cents in _rows(sql.POOLED + sql.UNPAID, given):
        loans[loan].unpaid[month] += int(cents)
    for holding, month, cents in _rows(sql.POOLED + sql.WAIVED, given):
        loans[loan_of[holding]].waived[holding, month] += int(cents)
    for holding, month, cents in (
        *_rows(sql.POOLED + sql.PAID_PARTS + sql.RECEIVED, given),
        *_received_in_parts(given),
    ):
        _add(loans[loan_of[holding]], holding, month, int(cents))
    return PoolFacts(dict(loans), frozenset(pooled))


def _add(loan: LoanFacts, holding: int, month: date, cents: int) -> None:
    if month == _LOOSE:
        loan.loose[holding] += cents
    elif month != _ALONE and cents:
        loan.received[holding, month] += cents


def _received_in_parts(given: dict[str, Any]) -> Iterable[tuple[int, date, int]]:
    """Payments that settled dues of several months: holding, month and cents of each part."""
    parts: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for repayment, month, cents in _rows(sql.POOLED + sql.PAID_PARTS + sql.PARTS, given):
        parts[repayment].append((month, int(cents)))
    shares: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for repayment, holding, cents in _rows(sql.POOLED + sql.PAID_PARTS + sql.SHARES, given):
        shares[repayment].append((holding, cents))
    for repayment, its_parts in parts.items():
        cents_of = [cents for _, cents in its_parts]
        rows = split_parts(cents_of, [cents for _, cents in shares[repayment]])
        for (month, _), row in zip(its_parts, rows, strict=True):
            for (holding, _), cents in zip(shares[repayment], row, strict=True):
                yield holding, month, cents


def latest_lines(pool: Pool) -> dict[date, tuple[int, dict[int, PoolLine]]]:
    """Of each month that was run: the latest version, and its lines by holding."""
    found: dict[date, tuple[int, dict[int, PoolLine]]] = {}
    rows = PoolBooking.objects.filter(run__in=_latest_runs(pool)).values_list(
        "run__month",
        "run__version",
        "holding_id",
        "owed_cents",
        "received_cents",
        "target_cents",
        "booking_cents",
    )
    for month, version, *line in rows:
        found.setdefault(month, (version, {}))[1][line[0]] = PoolLine(*line)
    return found


def _latest_runs(pool: Pool) -> list[int]:
    return [run for (run,) in _rows(sql.LATEST, pool._asdict())]


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
