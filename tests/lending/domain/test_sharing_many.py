"""Sharing many payments at once gives each claim the very cents that sharing one by one gives."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import split_cents
from lending.domain.sharing_many import MOST_CENTS, share_many, split_many
from lending.domain.waterfall import split_repayment

weights = st.lists(st.integers(0, 5_000_00), min_size=1, max_size=30).filter(any)
groups = st.lists(st.tuples(weights, st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1)


def _columns(given_weights: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    group_of = np.repeat(np.arange(len(given_weights)), [len(group) for group in given_weights])
    return np.array([cents for group in given_weights for cents in group], np.int64), group_of


@given(groups)
def test_each_total_is_split_as_if_alone(groups: list[tuple[list[int], int, int]]) -> None:
    flat, group_of = _columns([group for group, _, _ in groups])
    totals = np.array([total for _, total, _ in groups], np.int64)
    expected = [split_cents(total, group) for group, total, _ in groups]
    assert split_many(totals, flat, group_of).tolist() == [
        cents for group in expected for cents in group
    ]


@given(groups, st.integers(0, 5_000))
def test_shares_and_fees_are_those_of_the_single_repayment(
    groups: list[tuple[list[int], int, int]], rate: int
) -> None:
    fee_rate = Decimal(rate) / 100_000
    flat, group_of = _columns([group for group, _, _ in groups])
    principal = [min(cents, sum(group)) for group, cents, _ in groups]
    interest = [cents for _, _, cents in groups]
    shares = share_many(
        principal_cents=np.array(principal, np.int64),
        interest_cents=np.array(interest, np.int64),
        outstanding_cents=flat,
        group_of=group_of,
        fee_rate=fee_rate,
    )
    expected = [
        (share.principal_cents, share.interest_cents, share.fee_cents)
        for (group, _, _), some, more in zip(groups, principal, interest, strict=True)
        for share in split_repayment(
            principal_cents=some,
            interest_cents=more,
            outstanding_cents=group,
            fee_rate=fee_rate,
        )
    ]
    assert list(zip(*(column.tolist() for column in shares), strict=True)) == expected


@pytest.mark.parametrize(
    ("totals", "given_weights", "group_of"),
    [
        ([1], [], []),
        ([1], [0, 0], [0, 0]),
        ([1, 1], [1, 1], [0, 0]),
        ([1], [1, -1], [0, 0]),
        ([-1], [1], [0]),
        ([MOST_CENTS + 1], [1], [0]),
        ([1], [MOST_CENTS, 1], [0, 0]),
    ],
)
def test_what_cannot_be_shared_is_refused(
    totals: list[int], given_weights: list[int], group_of: list[int]
) -> None:
    with pytest.raises(ValueError, match=r"nobody to share|out of range"):
        split_many(
            np.array(totals, np.int64),
            np.array(given_weights, np.int64),
            np.array(group_of, np.int64),
        )
