"""The way from the contract rate of a lender's loans to the net return, step by step.

Each step is the difference of two money-weighted returns over the same deposits and withdrawals,
the one with and the other without what the step is about. What was not taken, or was earned
besides, would lie in the wallet at the end; so only the end value differs. Levels are rounded to
hundredths of a point before they are subtracted: the steps shown add up to the return shown.
See docs/figures.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from core.money import to_cents
from lending.domain.returns import xirr

_MONTHS: Final = 12
_HUNDREDTHS: Final = 10_000


class StepKind(StrEnum):
    """What a step of the bridge is about; the first and the last are levels."""

    CONTRACT = "contract"
    COMPOUNDING = "compounding"
    IDLE = "idle"
    TIMING = "timing"
    FEES = "fees"
    LATE = "late"
    RECOVERED = "recovered"
    POOL = "pool"
    OTHER = "other"
    NET = "net"


class BridgeStep(NamedTuple):
    """One step in hundredths of a point: a level, or what is added to the level before it."""

    kind: StepKind
    hundredths: int
    cents: int
    """The money behind it; the gain so far for a level."""

    @property
    def is_level(self) -> bool:
        """Whether it is a return by itself, not a difference."""
        return self.kind in (StepKind.CONTRACT, StepKind.NET)


@dataclass(frozen=True)
class Earnings:
    """What a lender's money did from the first pay-in to the day of the valuation, in cents.

    Attributes:
        lent_cent_days, idle_cent_days: outstanding principal and uninvested money, each times
            the days it stood.
        contract_cents: contract interest run on outstanding principal, by days (actual/365).
        missing_contract_cents: the part of it that ran on claims now late, in default or lost.
        interest_cents: interest received; `missing_interest_cents` is the part from such claims.
        haircut_cents: what late claims are cut by in the valuation.
        recovered_cents: what came in on principal already written off.
        pool_cents: what pools gave, less what they took.
    """

    lent_cent_days: int
    idle_cent_days: int
    contract_cents: int
    missing_contract_cents: int
    interest_cents: int
    missing_interest_cents: int
    fee_cents: int
    written_off_cents: int
    haircut_cents: int
    recovered_cents: int
    default_interest_cents: int
    pool_cents: int = 0

    @property
    def contract_rate(self) -> Decimal:
        """The contract rate, weighted by outstanding principal over time; 0 without any."""
        if not self.lent_cent_days:
            return Decimal(0)
        return Decimal(self.contract_cents) * 365 / self.lent_cent_days

    @property
    def idle_share(self) -> Decimal:
        """The part of all money and days that was not lent."""
        whole = self.lent_cent_days + self.idle_cent_days
        return Decimal(self.idle_cent_days) / whole if whole else Decimal(0)

    @property
    def unpaid_cents(self) -> int:
        """Contract interest that late and lost claims did not pay."""
        return self.missing_contract_cents - self.missing_interest_cents

    @property
    def timing_cents(self) -> int:
        """Interest run on claims in order, less what they paid: not due yet, or paid by months."""
        sound = self.contract_cents - self.missing_contract_cents
        return sound - (self.interest_cents - self.missing_interest_cents)


def contract_interest(weighted_cent_days: Decimal | int) -> int:
    """Return interest in cents run on outstanding cents times days times yearly rate."""
    return to_cents(Decimal(weighted_cent_days) / 365)


def return_bridge(
    flows: Sequence[tuple[date, int]], *, on: date, value_cents: int, earned: Earnings
) -> list[BridgeStep]:
    """Return the steps from contract rate to net return; empty where no return exists.

    Args:
        flows: deposits (negative) and withdrawals (positive).
        value_cents: cash and claims at the end, as they are valued.
    """
    paid_in = -sum(cents for _, cents in flows)
    changes = [
        (StepKind.IDLE, earned.contract_cents),
        (StepKind.TIMING, -earned.timing_cents),
        (StepKind.FEES, -earned.fee_cents),
        (
            StepKind.LATE,
            -earned.unpaid_cents - earned.written_off_cents - earned.haircut_cents,
        ),
        (StepKind.RECOVERED, earned.recovered_cents + earned.default_interest_cents),
        (StepKind.POOL, earned.pool_cents),
    ]
    changes.append((StepKind.OTHER, value_cents - paid_in - sum(cents for _, cents in changes)))
    values, end = [], paid_in
    for _, cents in changes:
        end += cents
        values.append(end)
    levels = [_hundredths(xirr([*flows, (on, value)])) for value in values]
    if not earned.lent_cent_days or None in levels:
        return []
    return _steps(earned, changes, [level for level in levels if level is not None])


def _steps(
    earned: Earnings, changes: Sequence[tuple[StepKind, int]], levels: Sequence[int]
) -> list[BridgeStep]:
    contract = _rounded(float(earned.contract_rate))
    effective = _rounded(_effective(float(earned.contract_rate)))
    steps = [
        BridgeStep(StepKind.CONTRACT, contract, earned.contract_cents),
        BridgeStep(StepKind.COMPOUNDING, effective - contract, 0),
    ]
    before, gain = effective, 0
    for (kind, cents), level in zip(changes, levels, strict=True):
        shown = 0 if kind is StepKind.IDLE else cents
        steps.append(BridgeStep(kind, level - before, shown))
        before, gain = level, gain + cents
    optional = (StepKind.RECOVERED, StepKind.POOL, StepKind.OTHER)
    kept = [step for step in steps if step.kind not in optional or step.cents or step.hundredths]
    return [*kept, BridgeStep(StepKind.NET, before, gain)]


def _effective(rate: float) -> float:
    """What a nominal rate, paid month by month, comes to in a year."""
    return math.expm1(_MONTHS * math.log1p(rate / _MONTHS))


def _hundredths(rate: float | None) -> int | None:
    return None if rate is None or math.isinf(rate) else _rounded(rate)


def _rounded(rate: float) -> int:
    return math.floor(rate * _HUNDREDTHS + 0.5)
