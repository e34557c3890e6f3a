"""Amounts and terms that may be asked for."""

import pytest

from lending.domain.limits import limit_refusals


@pytest.mark.parametrize(
    ("amount_cents", "months", "refusals"),
    [
        (1_000_00, 12, []),
        (50_000_00, 84, []),
        (1_025_00, 37, []),
        (975_00, 36, ["amount_too_small"]),
        (50_025_00, 36, ["amount_too_large"]),
        (1_010_00, 36, ["amount_off_step"]),
        (1_000_00, 11, ["term_too_short"]),
        (1_000_00, 85, ["term_too_long"]),
        (1, 0, ["amount_too_small", "amount_off_step", "term_too_short"]),
    ],
)
def test_each_broken_limit_is_named(amount_cents: int, months: int, refusals: list[str]) -> None:
    assert limit_refusals(amount_cents, months) == refusals
