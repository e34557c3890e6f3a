"""The bridge from contract rate to net return in words: each step with what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending.domain.return_bridge import BridgeStep, Earnings, StepKind
from lending.selectors.returns import LenderOverview
from web import charts

_NAMES: Final = {
    StepKind.CONTRACT: gettext_lazy("Contract rate of your loans"),
    StepKind.COMPOUNDING: gettext_lazy("Interest comes monthly"),
    StepKind.IDLE: gettext_lazy("Idle cash"),
    StepKind.TIMING: gettext_lazy("Not due yet"),
    StepKind.FEES: gettext_lazy("Fees"),
    StepKind.LATE: gettext_lazy("Late and lost"),
    StepKind.RECOVERED: gettext_lazy("Recoveries and default interest"),
    StepKind.POOL: gettext_lazy("Shared in pools"),
    StepKind.OTHER: gettext_lazy("Other bookings"),
    StepKind.NET: gettext_lazy("Your return, before tax"),
}
_SAID: Final = {
    StepKind.CONTRACT: gettext_lazy(
        "The rates in the contracts, weighted by what was outstanding, day by day."
    ),
    StepKind.COMPOUNDING: gettext_lazy(
        "A yearly return counts interest that is paid month by month a little higher."
    ),
    StepKind.IDLE: gettext_lazy(
        "Money that is available, reserved or on its way out earns nothing."
    ),
    StepKind.TIMING: gettext_lazy(
        "Interest that has run since the last instalment is not counted before it is paid; and"
        " contracts count months, a return counts days."
    ),
    StepKind.FEES: gettext_lazy("Taken from each payment received."),
    StepKind.LATE: gettext_lazy(
        "What late loans and lost ones did not bring: interest, principal written off, and what"
        " is set aside."
    ),
    StepKind.RECOVERED: gettext_lazy("What came in after a loss, and for paying late."),
    StepKind.POOL: gettext_lazy("What your pools gave you, less what they took."),
    StepKind.OTHER: gettext_lazy("What none of the other steps explains."),
    StepKind.NET: gettext_lazy(
        "Money-weighted and per year, from all that you paid in and took out and what is there now."
    ),
}


@dataclass(frozen=True)
class PointStep:
    """A row of the bridge: `hundredths` of a point, and amounts or shares that explain it."""

    label: str
    said: str
    hundredths: int
    is_level: bool
    box: charts.Box | None
    amounts: list[tuple[str, int]]
    shares: list[tuple[str, Decimal]]

    @property
    def rate(self) -> Decimal:
        """As a fraction."""
        return Decimal(self.hundredths) / 10_000

    @property
    def points(self) -> Decimal:
        """In points."""
        return Decimal(self.hundredths) / 100


def point_steps(overview: LenderOverview) -> list[PointStep]:
    """The rows of the bridge; empty while there is no return to speak of."""
    steps = overview.bridge
    boxes = charts.steps_in_points([(step.hundredths, step.is_level) for step in steps])
    return [_row(step, box, overview) for step, box in zip(steps, boxes, strict=True)]


def _row(step: BridgeStep, box: charts.Box | None, overview: LenderOverview) -> PointStep:
    return PointStep(
        label=str(_NAMES[step.kind]),
        said=str(_SAID[step.kind]),
        hundredths=step.hundredths,
        is_level=step.is_level,
        box=box,
        amounts=_amounts(step, overview.earned),
        shares=_shares(step, overview),
    )


def _amounts(step: BridgeStep, earned: Earnings) -> list[tuple[str, int]]:
    if step.kind is StepKind.CONTRACT:
        return [(_("Contract interest run so far"), earned.contract_cents)]
    if step.kind is StepKind.LATE:
        return [
            (_("Interest that did not come"), -earned.unpaid_cents),
            (_("Written off"), -earned.written_off_cents),
            (_("Set aside for late loans"), -earned.haircut_cents),
        ]
    if step.kind is StepKind.RECOVERED:
        return [
            (_("Recoveries"), earned.recovered_cents),
            (_("Default interest"), earned.default_interest_cents),
        ]
    if step.kind is StepKind.NET:
        return [(_("Gain"), step.cents)]
    return [(_("Amount"), step.cents)] if step.cents else []


def _shares(step: BridgeStep, overview: LenderOverview) -> list[tuple[str, Any]]:
    if step.kind is StepKind.IDLE:
        return [
            (_("Idle on average since the first pay-in"), overview.earned.idle_share),
            (_("Idle today"), _part(overview.cash_cents, overview.value.fair_cents)),
        ]
    return []


def _part(part: int, whole: int) -> Decimal:
    return Decimal(part) / whole if whole > 0 else Decimal(0)
