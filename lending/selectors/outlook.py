"""What a statement tells besides its lines: what may come next, the largest debtor, idle money.

All of it as the books said at the end of a day, whenever it is asked: what was paid, lost or
planned anew later is not looked at, so a statement that is set months later shows the same.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.models import User
from core.dates import ONE_DAY, month_range
from lending.domain.cash_forecast import Planned
from lending.selectors.cash_forecast import ExpectedMonth, forecast
from lending.selectors.valuation import Books

_HALF: Final = Fraction(1, 2)


class Claim(NamedTuple):
    """A holding that was still owed something at the end of a day, and what its loan owed."""

    loan_id: int
    number: str
    borrower_id: int
    grade: str
    in_default: bool
    cents: int
    loan_cents: int


class Exposure(NamedTuple):
    """All that one borrower owes a lender, by the numbers of the loans."""

    cents: int
    numbers: Sequence[str]


class IdleMoney(NamedTuple):
    """Money that was not invested at the end of each day of a span.

    Attributes:
        days: on which there was some, of `all_days` since money first came.
        cent_days: the sum over all days; `whole_cent_days` that of all money, invested at par.
    """

    days: int
    all_days: int
    cent_days: int
    whole_cent_days: int

    @property
    def average_cents(self) -> int:
        """What lay idle on average."""
        return _rounded(Fraction(self.cent_days, self.all_days))

    @property
    def share(self) -> float | None:
        """How much of all money that was; None where there was none."""
        return self.cent_days / self.whole_cent_days if self.whole_cent_days else None


@dataclass(frozen=True)
class Outlook:
    """What may come in the calendar month after the books, and the largest exposure then."""

    next_month: ExpectedMonth
    largest: Exposure | None


def outlook_of(user: User, books: Books) -> Outlook:
    """Both by three queries whatever the number of holdings."""
    claims = claims_on(user.pk, books.on)
    planned = _planned(books, [claim for claim in claims if not claim.in_default])
    _now, following = forecast(planned, {}, on=books.on, months=2)
    return Outlook(following, _largest(claims))


def claims_on(lender_id: int, on: date) -> list[Claim]:
    """What was owed to a lender at the end of a day, holding by holding."""
    return [
        Claim(*told, int(cents), int(loan_cents))
        for *told, cents, loan_cents in _rows(_CLAIMS, lender=lender_id, on=on)
    ]


def idle_money(books: Books, from_on: date) -> IdleMoney:
    """Counted at the end of each day from `from_on`, at the earliest when money first came."""
    from_on = max(from_on, books.moves[0].on)
    idle_on, invested_on = _changes(books)
    idle, invested = (
        sum(cents for day, cents in changes.items() if day < from_on)
        for changes in (idle_on, invested_on)
    )
    days, all_days, cent_days, whole, day = 0, 0, 0, 0, from_on
    while day <= books.on:
        idle, invested = idle + idle_on[day], invested + invested_on[day]
        days, all_days = days + (idle > 0), all_days + 1
        cent_days, whole = cent_days + idle, whole + idle + invested
        day += ONE_DAY
    return IdleMoney(days, all_days, cent_days, whole)


def _changes(books: Books) -> tuple[dict[date, int], dict[date, int]]:
    """By how much idle and invested money changed on each day."""
    idle, invested = defaultdict[date, int](int), defaultdict[date, int](int)
    for move in books.moves:
        idle[move.on] += move.cents
    for placed in books.facts.placed:
        idle[placed.on] -= placed.cents
        invested[placed.on] += placed.cents
    for came in books.facts.by_day:
        idle[came.on] += came.net_cents
        invested[came.on] -= came.principal_cents
    for loss in books.facts.lost:
        invested[loss.on] -= loss.cents
    return idle, invested


def _largest(claims: Iterable[Claim]) -> Exposure | None:
    by_borrower = defaultdict[int, list[Claim]](list)
    for claim in claims:
        by_borrower[claim.borrower_id].append(claim)
    found = [
        Exposure(sum(each.cents for each in owed), [each.number for each in owed])
        for owed in by_borrower.values()
    ]
    return max(found, key=lambda one: one.cents, default=None)


def _planned(books: Books, claims: Sequence[Claim]) -> list[Planned]:
    """Instalments of the month after the books by grade and bucket, by the lender's part."""
    buckets = {late.loan_id: late.bucket for late in books.late}
    first, last = month_range(month_range(books.on)[1] + ONE_DAY)
    given = {"on": books.on, "first": first, "last": last}
    rows = _rows(_DUE, loans=[claim.loan_id for claim in claims], **given)
    due = {loan_id: (int(principal), int(interest)) for loan_id, principal, interest in rows}
    sums = defaultdict[Any, list[Fraction]](lambda: [Fraction(0), Fraction(0)])
    for claim in claims:
        both = sums[claim.grade, buckets.get(claim.loan_id, "current")]
        for place, cents in enumerate(due.get(claim.loan_id, (0, 0))):
            both[place] += Fraction(cents * claim.cents, claim.loan_cents)
    return [
        Planned(1, grade, bucket, _rounded(principal), _rounded(interest))
        for (grade, bucket), (principal, interest) in sorted(sums.items())
    ]


def _rounded(cents: Fraction) -> int:
    return math.floor(cents + _HALF)


def _rows(statement: str, **given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


_CLAIMS: Final = """
WITH held AS MATERIALIZED (
    SELECT id, loan_id, principal_cents FROM lending_holding WHERE lender_id = %(lender)s
), share AS (
    SELECT share.holding_id, sum(share.principal_cents) AS cents
    FROM held
    JOIN lending_repaymentshare AS share ON share.holding_id = held.id
    JOIN lending_repayment AS repayment
        ON repayment.id = share.repayment_id AND repayment.received_on <= %(on)s
        AND (repayment.reversed_on IS NULL OR repayment.reversed_on > %(on)s)
    GROUP BY 1
), loss AS (
    SELECT loss.holding_id, sum(loss.principal_cents) AS cents
    FROM held
    JOIN lending_writeoffshare AS loss ON loss.holding_id = held.id
    JOIN lending_writeoff AS write_off
        ON write_off.id = loss.write_off_id AND write_off."on" <= %(on)s
    GROUP BY 1
), paid AS (
    SELECT repayment.loan_id, sum(repayment.principal_cents) AS cents
    FROM held JOIN lending_repayment AS repayment
        ON repayment.loan_id = held.loan_id AND repayment.received_on <= %(on)s
        AND (repayment.reversed_on IS NULL OR repayment.reversed_on > %(on)s)
    GROUP BY 1
), written_off AS (
    SELECT write_off.loan_id, sum(write_off.principal_cents) AS cents
    FROM held JOIN lending_writeoff AS write_off
        ON write_off.loan_id = held.loan_id AND write_off."on" <= %(on)s
    GROUP BY 1
), defaulted AS (
    SELECT event.loan_id
    FROM held JOIN lending_loanevent AS event
        ON event.loan_id = held.loan_id AND event."on" <= %(on)s
    CROSS JOIN LATERAL (
        SELECT event.kind = 'sound' OR event.key LIKE 'cured:change:%%' AS is_end
    ) AS default_over
    GROUP BY 1
    HAVING max(event.id) FILTER (WHERE event.kind = 'defaulted')
           > coalesce(max(event.id) FILTER (WHERE default_over.is_end), 0)
), owed AS (
    SELECT held.loan_id,
           held.principal_cents - coalesce(share.cents, 0) - coalesce(loss.cents, 0) AS cents
    FROM held
    LEFT JOIN share ON share.holding_id = held.id
    LEFT JOIN loss ON loss.holding_id = held.id
)
SELECT loan.id, loan.number, loan.borrower_id, loan.grade,
       loan.id IN (SELECT loan_id FROM defaulted), owed.cents,
       loan.principal_cents - coalesce(paid.cents, 0) - coalesce(written_off.cents, 0)
FROM owed
JOIN lending_loan AS loan ON loan.id = owed.loan_id AND loan.disbursed_on <= %(on)s
LEFT JOIN paid ON paid.loan_id = loan.id
LEFT JOIN written_off ON written_off.loan_id = loan.id
WHERE owed.cents > 0
ORDER BY loan.id
"""

_DUE: Final = """
SELECT instalment.loan_id, sum(instalment.principal_cents - paid.principal_cents),
       sum(instalment.interest_cents - paid.interest_cents)
FROM lending_instalment AS instalment
JOIN lending_plan AS plan ON plan.id = instalment.plan_id AND plan.made_on <= %(on)s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(part.principal_cents), 0) AS principal_cents,
           coalesce(sum(part.interest_cents), 0) AS interest_cents
    FROM lending_repaymentpart AS part
    JOIN lending_repayment AS repayment
        ON repayment.id = part.repayment_id AND repayment.received_on <= %(on)s
        AND (repayment.reversed_on IS NULL OR repayment.reversed_on > %(on)s)
    WHERE part.instalment_id = instalment.id
) AS paid
WHERE instalment.loan_id = ANY(%(loans)s::bigint[])
  AND instalment.due_on BETWEEN %(first)s AND %(last)s
  AND (instalment.superseded_on IS NULL OR instalment.superseded_on > %(on)s)
GROUP BY 1
"""
