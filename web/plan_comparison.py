"""Two cash flows beside each other, month by month: as columns and as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from lending.domain.breaks import PlanPart
from lending.domain.eased_terms import own_part
from lending.models import Holding, Loan, PlanChange
from lending.services.plan_changes import Effect, stored_effect
from web.charts import ColumnChart, paired_chart

_NEAR: Final = 6


class Month(NamedTuple):
    """What is paid on one day by the old plan and by the new one."""

    due_on: date
    before_cents: int
    after_cents: int


@dataclass(frozen=True)
class Comparison:
    """Old and new cash flow; `near` are the months where they begin to differ."""

    months: list[Month]
    near: list[Month]
    chart: ColumnChart
    before_cents: int
    after_cents: int


@dataclass(frozen=True)
class ChangeSeen:
    """A change of terms as one of its lenders sees it."""

    change: PlanChange
    effect: Effect
    own: Comparison


def compared(before: Sequence[PlanPart], after: Sequence[PlanPart]) -> Comparison:
    """The whole payments of two plans."""
    return _compared(
        {part.due_on: part.total_cents for part in before},
        {part.due_on: part.total_cents for part in after},
    )


def seen_by_holder(change: PlanChange, holding: Holding, loan: Loan) -> ChangeSeen:
    """A change with the holder's own part of the old and the new payments, before fees."""
    effect = stored_effect(change.figures)
    old, new = (_own(parts, holding, loan) for parts in (effect.before, effect.after))
    return ChangeSeen(change, effect, _compared(old, new))


def _own(parts: Sequence[PlanPart], holding: Holding, loan: Loan) -> dict[date, int]:
    whole = [part.total_cents for part in parts]
    own = own_part(whole, holding.principal_cents, loan.principal_cents)
    return {part.due_on: cents for part, cents in zip(parts, own, strict=True)}


def _compared(before: dict[date, int], after: dict[date, int]) -> Comparison:
    months = [
        Month(day, before.get(day, 0), after.get(day, 0)) for day in sorted({*before, *after})
    ]
    differing = [place for place, row in enumerate(months) if row.before_cents != row.after_cents]
    first = max(min(differing, default=0) - 1, 0)
    return Comparison(
        months=months,
        near=months[first : first + _NEAR],
        chart=paired_chart(
            [row.before_cents for row in months], [row.after_cents for row in months]
        ),
        before_cents=sum(before.values()),
        after_cents=sum(after.values()),
    )
