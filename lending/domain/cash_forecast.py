"""What plans may bring in the coming months when some borrowers fail: a forecast, never a return.

Loans fail month by month at the constant hazard of their grade; what fails pays a share of its
balance once, months later, as in `pricing`. Loans that are late now are cut by the haircut of
their bucket. Many loans are needed for the middle of such a forecast to mean much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

from core.money import to_cents
from lending.domain.grades import GRADE_BANDS
from lending.domain.pricing import LOSS_GIVEN_DEFAULT, RECOVERY_MONTHS
from lending.domain.returns import HAIRCUTS, Bucket

TWICE: Final = Decimal(2)
HALF: Final = Decimal("0.5")
_SURE: Final = Decimal("0.99")


class Planned(NamedTuple):
    """What plans promise in one month, counted from the present one, by grade and punctuality."""

    month: int
    grade: str
    bucket: Bucket
    principal_cents: int
    interest_cents: int


def expected_cents(
    planned: Iterable[Planned],
    owed_cents: Mapping[str, int],
    *,
    months: int,
    failing: Decimal = Decimal(1),
) -> list[int]:
    """Return what is expected to be paid in each of the next `months`, fees not taken off.

    Args:
        owed_cents: principal outstanding by grade of the loans that are in order.
        failing: how many times as often as expected loans fail.
    """
    sums = [Decimal(0)] * months
    principal: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in planned:
        if row.month >= months:
            continue
        kept = survival(row.grade, row.month, failing) * (1 - HAIRCUTS[row.bucket])
        sums[row.month] += (row.principal_cents + row.interest_cents) * kept
        if row.bucket == "current":
            principal[row.grade][row.month] += row.principal_cents
    for grade, cents in owed_cents.items():
        for month, recovered in _recoveries(grade, cents, principal[grade], months, failing):
            sums[month] += recovered
    return [to_cents(each) for each in sums]


@cache
def survival(grade: str, month: int, failing: Decimal = Decimal(1)) -> Decimal:
    """Return the chance that a loan of a grade has not failed `month` months from now."""
    pd = min(GRADE_BANDS[grade].typical_pd * failing, _SURE)
    return (1 - pd) ** (Decimal(month) / 12)


def _recoveries(
    grade: str, owed_cents: int, principal: Mapping[int, int], months: int, failing: Decimal
) -> Iterable[tuple[int, Decimal]]:
    """What failed loans of a grade pay later, by month."""
    balance = owed_cents - principal.get(0, 0)
    for month in range(1, months - RECOVERY_MONTHS):
        failed = survival(grade, month - 1, failing) - survival(grade, month, failing)
        yield month + RECOVERY_MONTHS, balance * failed * (1 - LOSS_GIVEN_DEFAULT)
        balance -= principal.get(month, 0)
