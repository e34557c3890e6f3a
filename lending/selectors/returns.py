"""What a lender's money does: earned, late, worth, expected; never better than it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, get_args

from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from core.dates import ONE_DAY, add_months, month_range
from core.money import to_cents
from ledger.chart import Role
from lending.domain.returns import (
    HAIRCUTS,
    Bucket,
    ReturnRange,
    Valuation,
    arrears_bucket,
    haircut_value,
    lender_return,
    value_claims,
)
from lending.models import FeeKind, Holding
from lending.selectors.fees import fee_rate
from lending.selectors.lender_books import CashMove, Claim, cash_moves, claims_on

NEW_DAYS: Final = 90
"""A return says little before money has worked so long."""


@dataclass(frozen=True)
class BucketLine:
    """Holdings of one bucket of arrears; `haircut` of their principal is not counted as value."""

    bucket: Bucket
    holdings: int
    principal_cents: int
    haircut: Decimal
    value_cents: int


@dataclass(frozen=True)
class LenderOverview:
    """A lender's figures at the end of `on`.

    Attributes:
        cash_cents: all that is not invested: available, reserved, on its way out.
        invested_cents: principal outstanding, at par.
        average_rate: contract rate weighted by outstanding principal; None without holdings.
        value: cash and holdings together: late ones at nothing, at the haircuts, at par.
        returns: per year on what was really paid in and out, idle cash included, at those values.
        is_new: too early for a return to mean much.
    """

    on: date
    since: date | None
    is_new: bool
    deposited_cents: int
    withdrawn_cents: int
    cash_cents: int
    invested_cents: int
    lent_cents: int
    repaid_cents: int
    interest_cents: int
    fee_cents: int
    written_off_cents: int
    open_holdings: int
    average_rate: Decimal | None
    buckets: list[BucketLine]
    value: Valuation
    returns: ReturnRange


@dataclass(frozen=True)
class ValuePoint:
    """A lender's books at the end of one day; `value_cents` counts holdings at the haircuts."""

    on: date
    paid_in_cents: int
    cash_cents: int
    invested_cents: int
    value_cents: int
    interest_cents: int
    fee_cents: int


@dataclass(frozen=True)
class Slice:
    """A part of what is invested."""

    name: str
    principal_cents: int
    holdings: int


@dataclass(frozen=True)
class ExpectedMonth:
    """What the plans of running loans promise a lender in one month, from its first day on."""

    month: date
    principal_cents: int
    interest_cents: int
    fee_cents: int

    @property
    def net_cents(self) -> int:
        """What would reach the wallet."""
        return self.principal_cents + self.interest_cents - self.fee_cents


def lender_overview(user: User, on: date) -> LenderOverview:
    """All figures of one lender, by three queries whatever the number of holdings."""
    moves, claims = cash_moves(user.pk, on), claims_on(user.pk, [on])[on]
    flows = _flows(moves)
    cash_cents = sum(move.cents for move in moves)
    worth = value_claims((claim.principal_cents, claim.days_past_due) for claim in claims)
    since = min((day for day, cents in flows if cents < 0), default=None)
    return LenderOverview(
        on=on,
        since=since,
        is_new=since is None or (on - since).days < NEW_DAYS,
        deposited_cents=-sum(cents for _, cents in flows if cents < 0),
        withdrawn_cents=sum(cents for _, cents in flows if cents > 0),
        cash_cents=cash_cents,
        buckets=_buckets(claims),
        value=Valuation(*(cash_cents + cents for cents in worth)),
        returns=lender_return(flows, on=on, cash_cents=cash_cents, claims=worth),
        **_holding_figures(user),
    )


def value_history(user: User, on: date) -> list[ValuePoint]:
    """The books at each month's end since the first pay-in, and on `on`; two queries."""
    moves = cash_moves(user.pk, on)
    if not moves:
        return []
    days = _month_ends(moves[0].on, on)
    claims = claims_on(user.pk, days)
    return [_point(day, [move for move in moves if move.on <= day], claims[day]) for day in days]


def allocation_by_grade(user: User) -> list[Slice]:
    """Outstanding principal by grade, the best first."""
    return _slices(user, "loan__grade")


def allocation_by_term(user: User) -> list[Slice]:
    """Outstanding principal by the term of the loans in months, the shortest first."""
    return _slices(user, "loan__term_months")


def expected_months(user: User, on: date, months: int = 12) -> list[ExpectedMonth]:
    """What is planned to come in from `on` through the next months; an expectation, no return.

    Each instalment counts by the lender's present part of the loan. Overdue instalments and loans
    in default are left out.
    """
    first = on.replace(day=1)
    values: dict[str, Any] = {
        "lender": user.pk,
        "on": on,
        "before": add_months(first, months),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXPECTED, values)
        planned = {month: (int(back), int(earned)) for month, back, earned in cursor.fetchall()}
    rate, expected = fee_rate(FeeKind.LENDER, on), []
    for month in (add_months(first, index) for index in range(months)):
        back, earned = planned.get(month, (0, 0))
        fee_cents = to_cents((back + earned) * rate)
        expected.append(ExpectedMonth(month, back, earned, fee_cents))
    return expected


def _flows(moves: Iterable[CashMove]) -> list[tuple[date, int]]:
    """Real deposits (negative) and withdrawals (positive), day by day; a return undoes one."""
    outside = (Role.CLEARING_IN, Role.CLEARING_OUT, Role.SUSPENSE)
    return [(move.on, -move.cents) for move in moves if move.other in outside and move.cents]


def _buckets(claims: Iterable[Claim]) -> list[BucketLine]:
    by_bucket: dict[Bucket, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_bucket[arrears_bucket(claim.days_past_due)].append(claim)
    return [
        BucketLine(
            bucket=bucket,
            holdings=sum(claim.holdings for claim in by_bucket[bucket]),
            principal_cents=sum(claim.principal_cents for claim in by_bucket[bucket]),
            haircut=HAIRCUTS[bucket],
            value_cents=sum(
                haircut_value(claim.principal_cents, claim.days_past_due)
                for claim in by_bucket[bucket]
            ),
        )
        for bucket in get_args(Bucket)
    ]


def _holding_figures(user: User) -> dict[str, Any]:
    """Sums over all holdings, open and closed."""
    total = {
        name: Coalesce(Sum(column), 0)
        for name, column in (
            ("invested_cents", "outstanding_cents"),
            ("lent_cents", "principal_cents"),
            ("interest", "interest_cents"),
            ("fee", "fee_cents"),
            ("written_off", "written_off_cents"),
        )
    }
    rated = Sum(F("outstanding_cents") * F("loan__annual_rate"))
    still_open = Count("id", filter=Q(outstanding_cents__gt=0))
    sums = Holding.objects.filter(lender=user).aggregate(
        **total, rated=rated, open_holdings=still_open
    )
    invested, lent, lost = sums["invested_cents"], sums["lent_cents"], sums["written_off"]
    return {
        "invested_cents": invested,
        "lent_cents": lent,
        "repaid_cents": lent - invested - lost,
        "interest_cents": sums["interest"],
        "fee_cents": sums["fee"],
        "written_off_cents": lost,
        "open_holdings": sums["open_holdings"],
        "average_rate": sums["rated"] / invested if invested else None,
    }


def _month_ends(first: date, last: date) -> list[date]:
    days, day = [], month_range(first)[1]
    while day < last:
        days.append(day)
        day = month_range(day + ONE_DAY)[1]
    return [*days, last]


def _point(on: date, moves: Sequence[CashMove], claims: Sequence[Claim]) -> ValuePoint:
    cash_cents = sum(move.cents for move in moves)
    worth = value_claims((claim.principal_cents, claim.days_past_due) for claim in claims)
    return ValuePoint(
        on=on,
        paid_in_cents=-sum(cents for _, cents in _flows(moves)),
        cash_cents=cash_cents,
        invested_cents=worth.high_cents,
        value_cents=cash_cents + worth.fair_cents,
        interest_cents=sum(move.cents for move in moves if move.other == Role.INTEREST_PASSED),
        fee_cents=-sum(move.cents for move in moves if move.other == Role.FEES),
    )


def _slices(user: User, column: str) -> list[Slice]:
    held = Holding.objects.filter(lender=user, outstanding_cents__gt=0).order_by(column)
    rows = held.values_list(column).annotate(Sum("outstanding_cents"), Count("id"))
    return [Slice(str(name), cents, holdings) for name, cents, holdings in rows]


_EXPECTED: Final = """
SELECT date_trunc('month', instalment.due_on)::date,
       round(sum((instalment.principal_cents - instalment.paid_principal_cents)
                 * holding.outstanding_cents::numeric / loan.outstanding_cents)),
       round(sum((instalment.interest_cents - instalment.paid_interest_cents)
                 * holding.outstanding_cents::numeric / loan.outstanding_cents))
FROM lending_holding AS holding
JOIN lending_loan AS loan ON loan.id = holding.loan_id AND loan.status = 'active'
JOIN lending_instalment AS instalment
    ON instalment.loan_id = loan.id AND instalment.paid_on IS NULL
    AND instalment.superseded_on IS NULL
WHERE holding.lender_id = %(lender)s AND holding.outstanding_cents > 0
  AND instalment.due_on >= %(on)s AND instalment.due_on < %(before)s
GROUP BY 1
"""
