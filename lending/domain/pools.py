"""How the claims of a pool share principal, month by month.

A pool is what lenders have in common who chose it for loans of one grade and term. Of all
principal due in a month the part q came in; each claim that was due a and received r is paid
a * q, so that a * q - r is booked, one way or the other. Interest is never shared.

What counts as due is the regular plan of the loan. A loan that is called due goes on being due by
the plan that it had, so that its failure is borne over its term and not in one month; what comes
in on it then, from the borrower, a buyer or after a write-off, pays those dues from the oldest on.
So nothing received counts beyond what was due, and q is never above one. Principal repaid early
is neither due nor received here: it goes to its lender alone. Principal that was waived counts as
due in the month of the waiver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from core.money import split_cents


class MonthClaim(NamedTuple):
    """What one claim was due in a month and has received of that."""

    holding_id: int
    due_cents: int
    received_cents: int


class PoolLine(NamedTuple):
    """The same with what the pool makes of it; `booking_cents` is the target less the received."""

    holding_id: int
    due_cents: int
    received_cents: int
    target_cents: int
    booking_cents: int


@dataclass
class LoanFacts:
    """What is known of one loan with claims in the pool, months by their first day.

    Attributes:
        holdings: holding -> what it lent; all of the loan's, also those outside the pool.
        unpaid: month -> principal due by the regular plan and not received.
        received: (holding, month) -> principal received on what was due in the month.
        waived: (holding, month) -> principal waived in the month.
        loose: holding -> principal received on a loan called due, or after its write-off.
    """

    holdings: dict[int, int] = field(default_factory=dict)
    unpaid: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    received: dict[tuple[int, date], int] = field(default_factory=lambda: defaultdict(int))
    waived: dict[tuple[int, date], int] = field(default_factory=lambda: defaultdict(int))
    loose: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def split_parts(parts: Sequence[int], shares: Sequence[int]) -> list[list[int]]:
    """Say of each part of a payment how much of it is in each share: one row for each part.

    Rows add up to the parts, columns to the shares; both add up to the payment.
    """
    left = list(shares)
    rows = []
    for part in parts:
        row = split_cents(part, left)
        left = [have - taken for have, taken in zip(left, row, strict=True)]
        rows.append(row)
    return rows


def claims_by_month(loan: LoanFacts) -> dict[date, list[MonthClaim]]:
    """What each claim of a loan was due and has received, in every month of its plan.

    What is unpaid is shared by what each lent. Loose money pays the oldest months first.
    """
    months = sorted(
        {month for month, cents in loan.unpaid.items() if cents}
        | {month for _, month in loan.received}
        | {month for _, month in loan.waived}
    )
    holding_ids, weights = list(loan.holdings), list(loan.holdings.values())
    loose = dict(loan.loose)
    found: dict[date, list[MonthClaim]] = {}
    for month in months:
        unpaid = split_cents(loan.unpaid.get(month, 0), weights)
        found[month] = [
            _claim(loan, holding_id, month, open_cents, loose)
            for holding_id, open_cents in zip(holding_ids, unpaid, strict=True)
        ]
    return found


def _claim(
    loan: LoanFacts, holding_id: int, month: date, unpaid_cents: int, loose: dict[int, int]
) -> MonthClaim:
    received = loan.received.get((holding_id, month), 0)
    missing = unpaid_cents + loan.waived.get((holding_id, month), 0)
    late = min(missing, loose.get(holding_id, 0))
    if late:
        loose[holding_id] -= late
    return MonthClaim(holding_id, received + missing, received + late)


def share_month(claims: Iterable[MonthClaim]) -> list[PoolLine]:
    """Pay each claim the part of its due that came in of all dues; the bookings sum to zero.

    The pool's total comes first, so targets are whole cents that sum to what came in. Nobody's
    target is above its due.
    """
    ordered = sorted(claims)
    total = sum(claim.received_cents for claim in ordered)
    targets = split_cents(total, [claim.due_cents for claim in ordered])
    return [
        PoolLine(*claim, target, target - claim.received_cents)
        for claim, target in zip(ordered, targets, strict=True)
    ]


def corrected(
    lines: Sequence[PoolLine], earlier: Mapping[int, PoolLine]
) -> list[tuple[PoolLine, int]]:
    """The lines of a new run, each with what is still to be booked; empty where nothing changed.

    A claim that no longer counts, because its contract was withdrawn from, gets an empty line that
    takes back what was booked.
    """
    now = {line.holding_id: line for line in lines}
    gone = [PoolLine(holding, 0, 0, 0, 0) for holding in sorted(earlier.keys() - now.keys())]
    merged = [*lines, *gone]
    before = {line.holding_id: earlier.get(line.holding_id) for line in merged}
    if all(before[line.holding_id] == line for line in merged):
        return []
    return [(line, line.booking_cents - _booked(before[line.holding_id])) for line in merged]


def _booked(line: PoolLine | None) -> int:
    return line.booking_cents if line else 0
