"""What every change of terms has in common: its effect shown, its plan made, everyone told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.errors import StaleState
from core.transitions import advance
from lending.domain.affordability import Household, affordability
from lending.domain.breaks import PlanPart
from lending.domain.eased_terms import own_part, planned_return
from lending.models import (
    ChangeKind,
    FeeKind,
    Loan,
    LoanEventKind,
    PlanChange,
    PlanReason,
)
from lending.selectors.fees import fee_rate
from lending.selectors.requests import latest_assessment
from lending.services.plans import PlannedInstalment, make_plan
from lending.services.timeline import note_event
from lending.states import CHANGE_TRANSITIONS, ChangeStatus
from notifications.services import Notice, notify, notify_all


@dataclass(frozen=True)
class Effect:
    """A plan before and after a change, and what the change means to both sides.

    Attributes:
        before, after: all that is still to be paid, old and new.
        return_before, return_after: what lenders earn a year if all is paid as planned.
        mark_before, mark_after: the affordability mark with the highest instalment, where known.
    """

    before: Sequence[PlanPart]
    after: Sequence[PlanPart]
    return_before: Decimal | None
    return_after: Decimal | None
    mark_before: int | None
    mark_after: int | None

    @property
    def total_before_cents(self) -> int:
        """All that was to be paid."""
        return _total(self.before)

    @property
    def total_after_cents(self) -> int:
        """All that is to be paid now."""
        return _total(self.after)

    @property
    def extra_cents(self) -> int:
        """What the borrower pays more (or less) in all."""
        return self.total_after_cents - self.total_before_cents

    @property
    def instalment_before_cents(self) -> int:
        """The highest payment of the old plan."""
        return _highest(self.before)

    @property
    def instalment_after_cents(self) -> int:
        """The highest payment of the new plan."""
        return _highest(self.after)

    @property
    def ends_before_on(self) -> date:
        """The old last payment."""
        return self.before[-1].due_on

    @property
    def ends_after_on(self) -> date:
        """The new last payment."""
        return self.after[-1].due_on

    @property
    def seal(self) -> str:
        """A short name of exactly these figures; who agrees names what was shown."""
        shown = json.dumps([_rows(self.before), _rows(self.after)])
        return hashlib.sha256(shown.encode()).hexdigest()[:24]

    def check_seal(self, seal: str) -> None:
        """Raise StaleState when somebody agreed to other figures than these."""
        if seal and seal != self.seal:
            raise StaleState("the plan changed since it was shown")

    def figures(self) -> dict[str, Any]:
        """Everything as it is stored with a change."""
        return {
            "before": _rows(self.before),
            "after": _rows(self.after),
            "return_before": _text(self.return_before),
            "return_after": _text(self.return_after),
            "mark_before": self.mark_before,
            "mark_after": self.mark_after,
        }


def stored_effect(figures: dict[str, Any]) -> Effect:
    """Read back what `Effect.figures` stored."""
    return Effect(
        before=_parts(figures["before"]),
        after=_parts(figures["after"]),
        return_before=_rate(figures["return_before"]),
        return_after=_rate(figures["return_after"]),
        mark_before=figures["mark_before"],
        mark_after=figures["mark_after"],
    )


def effect_of(
    loan: Loan, before: Sequence[PlanPart], after: Sequence[PlanPart], on: date
) -> Effect:
    """Work out what a new plan of a loan would mean, seen on a day."""
    lent, fee = _lent(loan), fee_rate(FeeKind.LENDER, on)
    late_counts_today = [part._replace(due_on=max(part.due_on, on)) for part in before]
    return Effect(
        before=before,
        after=after,
        return_before=planned_return(lent, late_counts_today, fee),
        return_after=planned_return(lent, after, fee),
        mark_before=_mark(loan, _highest(before)),
        mark_after=_mark(loan, _highest(after)),
    )


def put_in_force(
    change: PlanChange,
    *,
    loan: Loan,
    effect: Effect,
    after_number: int,
    starts_on: date,
    ends_on: date,
    on: date,
    at: datetime,
    actor_id: int,
) -> None:
    """Make the plan of an agreed change of a locked loan, and tell everyone whom it concerns."""
    plan = make_plan(
        loan=loan,
        reason=_REASONS[ChangeKind(change.kind)],
        instalments=[
            PlannedInstalment(*part) for part in effect.after if part.number > after_number
        ],
        on=on,
        at=at,
        after_number=after_number,
    )
    advance(
        change,
        ChangeStatus.IN_FORCE,
        table=CHANGE_TRANSITIONS,
        at=at,
        actor_id=actor_id,
        data={"plan": plan.pk, "extra_cents": effect.extra_cents},
        plan=plan,
        figures=effect.figures(),
        accepted_at=at,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    is_break = change.kind == ChangeKind.PAYMENT_BREAK
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.BREAK if is_break else LoanEventKind.CHANGED,
        on=on,
        key=f"change:{change.pk}",
    )
    _tell(change, loan, effect, at)


_REASONS = {
    ChangeKind.PAYMENT_BREAK: PlanReason.BREAK,
    ChangeKind.LONGER_TERM: PlanReason.LONGER_TERM,
    ChangeKind.LOWER_RATE: PlanReason.LOWER_RATE,
    ChangeKind.WAIVER: PlanReason.WAIVER,
}


def _tell(change: PlanChange, loan: Loan, effect: Effect, at: datetime) -> None:
    """Send the changed terms to the borrower, and to each lender what they mean."""
    facts = change_facts(change, loan) | _effect_facts(effect)
    notify(
        person_id=loan.borrower_id,
        kind="terms_changed",
        key=f"terms_changed:{change.pk}",
        facts=facts,
        at=at,
    )
    notify_all(kind="holding_changed", notices=_notices(change, loan, effect, facts), at=at)


def change_facts(change: PlanChange, loan: Loan) -> dict[str, object]:
    """What every message about a change says."""
    facts: dict[str, object] = {
        "loan_id": loan.pk,
        "number": loan.number,
        "change_id": change.pk,
        "change_kind": str(change.kind),
    }
    for name in ("starts_on", "ends_on"):
        if day := getattr(change, name):
            facts[name] = day
    return facts


def _effect_facts(effect: Effect) -> dict[str, object]:
    return {
        "extra_cents": effect.extra_cents,
        "is_dearer": effect.extra_cents > 0,
        "instalment_cents": effect.instalment_after_cents,
        "last_before_on": effect.ends_before_on,
        "last_after_on": effect.ends_after_on,
    }


def _notices(
    change: PlanChange, loan: Loan, effect: Effect, facts: dict[str, object]
) -> Iterable[Notice]:
    """One message a lender: own cash flow before and after, and the return before and after."""
    flows = [[part.total_cents for part in parts] for parts in (effect.before, effect.after)]
    returns = {"before_rate": effect.return_before, "after_rate": effect.return_after}
    known = {name: rate for name, rate in returns.items() if rate is not None}
    holdings = loan.holdings.filter(principal_cents__gt=0).order_by("id")
    for holding in holdings:
        before, after = (
            sum(own_part(flow, holding.principal_cents, loan.principal_cents)) for flow in flows
        )
        yield Notice(
            holding.lender_id,
            f"holding_changed:{change.pk}:{holding.lender_id}",
            facts
            | known
            | {"own_before_cents": before, "own_after_cents": after, "holding_id": holding.pk},
        )


def _lent(loan: Loan) -> list[tuple[date, int]]:
    """What flowed between the borrower and the lenders so far, net of the lenders' fees."""
    paid = loan.repayments.filter(reversed_on__isnull=True).order_by("received_on", "id")
    flows = [(loan.disbursed_on, -loan.principal_cents)]
    return flows + [
        (row.received_on, row.amount_cents - row.costs_cents - row.fee_cents) for row in paid
    ]


def _mark(loan: Loan, instalment_cents: int) -> int | None:
    """The affordability mark with this instalment, from what the borrower last told."""
    assessment = latest_assessment(loan.request)
    if assessment is None:
        return None
    given = assessment.inputs
    household = Household(
        income_cents=given["income_cents"],
        housing_cents=given["housing_cents"],
        living_cents=given["living_cents"],
        instalments_cents=given["instalments_cents"],
        people=given["household_size"],
    )
    return affordability(household, instalment_cents).mark


def _total(parts: Sequence[PlanPart]) -> int:
    return sum(part.total_cents for part in parts)


def _highest(parts: Sequence[PlanPart]) -> int:
    return max(part.total_cents for part in parts)


def _rows(parts: Sequence[PlanPart]) -> list[list[Any]]:
    return [[part.number, part.due_on.isoformat(), *part[2:]] for part in parts]


def _parts(rows: Iterable[Sequence[Any]]) -> list[PlanPart]:
    return [PlanPart(row[0], date.fromisoformat(row[1]), *row[2:]) for row in rows]


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else str(rate)


def _rate(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
