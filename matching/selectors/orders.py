"""A mandate that was written but never saved, as the engine takes it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from lending.services.mandate_data import MandateData
from matching.choices import RATE_SCALE
from matching.engine.backtest import ANY_RATE, Order
from matching.engine.problem import ANY_NET_RATE, GRADES, NO_LIMIT
from matching.selectors.traits import Wishes, refuses


def order_of(data: MandateData) -> Order:
    """The order that stands in these words; its reserve is taken off the cash, not here."""
    caps = data.max_per_grade_cents
    return Order(
        grades=frozenset(data.grades),
        terms=frozenset(data.terms),
        purposes=frozenset(str(purpose) for purpose in data.purposes),
        max_per_loan_cents=data.max_per_loan_cents,
        max_per_borrower_cents=data.max_per_borrower_cents,
        min_stake_cents=data.min_stake_cents,
        min_rate=_rate(data.min_rate, 0),
        max_rate=_rate(data.max_rate, ANY_RATE),
        min_net_rate=_rate(data.min_net_rate, ANY_NET_RATE),
        preferred_stake_cents=data.preferred_stake_cents or 0,
        refuses=partial(refuses, _wishes(data)),
        max_mark=data.max_mark,
        budget_cents=NO_LIMIT if data.budget_cents is None else data.budget_cents,
        room_cents=tuple(caps.get(grade, NO_LIMIT) for grade in GRADES),
    )


def _wishes(data: MandateData) -> Wishes:
    return Wishes(
        regions=data.regions,
        employments=data.employments,
        min_amount_cents=data.min_amount_cents,
        max_amount_cents=data.max_amount_cents,
        max_age_days=data.max_age_days,
        min_funded_percent=data.min_funded_percent,
        no_late_payers=data.no_late_payers,
    )


def _rate(rate: Decimal | None, otherwise: int) -> int:
    return otherwise if rate is None else int(rate * RATE_SCALE)
