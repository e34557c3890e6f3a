"""Many payments shared out at once, cent for cent as `waterfall.split_repayment` shares one.

Claims stand one after the other, those of one payment together; `group_of` names for each claim
the place of its payment, ascending. Whole numbers throughout: no share is a float on its way.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]

MOST_CENTS: Final = 2 * 10**9
"""Amounts up to here can be multiplied with one another in eight bytes."""


class Shares(NamedTuple):
    """What each claim gets; the fee is taken out of it, not added."""

    principal_cents: Ints
    interest_cents: Ints
    fee_cents: Ints


def split_many(totals: Ints, weights: Ints, group_of: Ints) -> Ints:
    """Divide each total by the weights of its group, as `core.money.split_cents` divides one.

    Raises:
        ValueError: an amount out of range, or a group without any weight.
    """
    if (weights < 0).any() or not np.bincount(group_of, minlength=len(totals)).all():
        raise ValueError("there is nobody to share an amount")
    starts = np.searchsorted(group_of, np.arange(len(totals)))
    sums = np.add.reduceat(weights, starts)
    if not sums.all():
        raise ValueError("there is nobody to share an amount")
    if max(totals.max(), sums.max()) > MOST_CENTS or totals.min() < 0:
        raise ValueError("an amount is out of range")
    floors, rest = np.divmod(totals[group_of] * weights, sums[group_of])
    spare = totals - np.add.reduceat(floors, starts)
    order = np.lexsort((-rest, group_of))  # stable: ties stay in their order
    rank = np.empty(len(weights), np.int64)
    rank[order] = np.arange(len(weights)) - starts[group_of]
    shares: Ints = floors + (rank < spare[group_of])
    return shares


def share_many(
    *,
    principal_cents: Ints,
    interest_cents: Ints,
    outstanding_cents: Ints,
    group_of: Ints,
    fee_rate: Decimal,
) -> Shares:
    """Share payments over the claims on their loans, with the fee on each share, half up.

    Args:
        principal_cents, interest_cents: of each payment.
        outstanding_cents: of each claim before its payment.
    """
    principal = split_many(principal_cents, outstanding_cents, group_of)
    interest = split_many(interest_cents, outstanding_cents, group_of)
    over, under = fee_rate.as_integer_ratio()
    fees = (2 * over * (principal + interest) + under) // (2 * under)
    return Shares(principal, interest, fees)
