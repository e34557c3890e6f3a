"""What a lender writes into a mandate, and what of it can ever place an offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from core.inputs import NotAChoice, TooSmall, line, on_step, one_of, within
from lending.choices import (
    AGE_BORDERS,
    AMOUNT_BORDERS,
    FUNDED_BORDERS,
    MAX_AMOUNT_CENTS,
    REGIONS,
    SHARE_CENTS,
    TERMS,
    Cover,
    Employment,
    Grade,
    Purpose,
    Reinvest,
)
from lending.domain.affordability import MARK_LIMITS
from lending.domain.grades import GRADE_BANDS
from lending.domain.pricing import HIGHEST_RATE, LOSS_GIVEN_DEFAULT, price
from lending.errors import MandateInvalid

Choice = TypeVar("Choice", str, int)

_MOST_CENTS: Final = 100_000_000_00
_LAST_PRIORITY: Final = 99


@dataclass(frozen=True)
class MandateData:
    """A standing order. An empty filter takes everything; None is no limit.

    `max_per_grade_cents` caps what is lent in a grade through this mandate; `budget_cents` what
    it lends in all; `reserve_cents` is cash that it never touches. `min_net_rate` is what must be
    left of the rate after the grade's expected loss. `reinvest` says what of the money that comes
    back refills the budget; without a budget everything is lent again anyway. `cover` is what its
    stakes bear, unless the lender's offers on the same request bear another one already.
    """

    name: str
    max_per_loan_cents: int
    max_per_borrower_cents: int
    priority: int = 1
    grades: Sequence[str] = ()
    terms: Sequence[int] = ()
    purposes: Sequence[str] = ()
    min_rate: Decimal | None = None
    max_rate: Decimal | None = None
    max_mark: int = len(MARK_LIMITS)
    min_stake_cents: int = SHARE_CENTS
    max_per_grade_cents: Mapping[str, int] = field(default_factory=dict)
    reserve_cents: int = 0
    budget_cents: int | None = None
    end_on: date | None = None
    preferred_stake_cents: int | None = None
    min_net_rate: Decimal | None = None
    regions: Sequence[str] = ()
    employments: Sequence[str] = ()
    min_amount_cents: int | None = None
    max_amount_cents: int | None = None
    max_age_days: int | None = None
    min_funded_percent: int = 0
    no_late_payers: bool = False
    reinvest: str = Reinvest.NOTHING
    cover: str = Cover.SOLO

    def checked(self, *, on: date) -> MandateData:
        """Return the same, tidied; raises MandateInvalid or another InvalidInput with the field."""
        grades = _several("grades", self.grades, Grade.values)
        data = MandateData(
            name=line("name", self.name, maximum=60),
            priority=within("priority", self.priority, 1, _LAST_PRIORITY),
            grades=grades,
            terms=_several("terms", self.terms, TERMS),
            purposes=_several("purposes", self.purposes, Purpose.values),
            min_rate=_rate("min_rate", self.min_rate),
            max_rate=_rate("max_rate", self.max_rate),
            max_mark=within("max_mark", self.max_mark, 1, len(MARK_LIMITS)),
            min_stake_cents=_shares("min_stake_cents", self.min_stake_cents, SHARE_CENTS),
            max_per_loan_cents=_shares(
                "max_per_loan_cents", self.max_per_loan_cents, self.min_stake_cents
            ),
            max_per_borrower_cents=_shares(
                "max_per_borrower_cents", self.max_per_borrower_cents, self.min_stake_cents
            ),
            max_per_grade_cents=_grade_caps(self.max_per_grade_cents, grades),
            reserve_cents=within("reserve_cents", self.reserve_cents, 0, _MOST_CENTS),
            budget_cents=_budget(self.budget_cents, self.min_stake_cents),
            end_on=_end(self.end_on, on),
            preferred_stake_cents=_usual_stake(self),
            min_net_rate=_rate("min_net_rate", self.min_net_rate),
            regions=_several("regions", self.regions, REGIONS),
            employments=_several("employments", self.employments, Employment.values),
            min_amount_cents=_border("min_amount_cents", self.min_amount_cents, AMOUNT_BORDERS),
            max_amount_cents=_border("max_amount_cents", self.max_amount_cents, AMOUNT_BORDERS),
            max_age_days=_border("max_age_days", self.max_age_days, AGE_BORDERS),
            min_funded_percent=one_of(
                "min_funded_percent", self.min_funded_percent, (0, *FUNDED_BORDERS)
            ),
            no_late_payers=self.no_late_payers,
            reinvest=one_of("reinvest", self.reinvest, Reinvest.values),
            cover=one_of("cover", self.cover, Cover.values),
        )
        _check_reach(data)
        return data


def _several(
    name: str, chosen: Sequence[Choice], choices: Collection[Choice]
) -> tuple[Choice, ...]:
    """The chosen values once each, in the order in which they are on offer."""
    if not set(chosen) <= set(choices):
        raise NotAChoice(field=name)
    return tuple(choice for choice in choices if choice in chosen)


def _border(name: str, chosen: int | None, borders: Collection[int]) -> int | None:
    return None if chosen is None else one_of(name, chosen, borders)


def _usual_stake(data: MandateData) -> int | None:
    """From the smallest stake to what the mandate allows per loan."""
    cents = data.preferred_stake_cents
    if cents is None:
        return None
    within("preferred_stake_cents", cents, data.min_stake_cents, data.max_per_loan_cents)
    return on_step("preferred_stake_cents", cents, SHARE_CENTS)


def _rate(name: str, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else within(name, rate, Decimal(0), HIGHEST_RATE)


def _shares(name: str, cents: int, least_cents: int) -> int:
    return on_step(name, within(name, cents, least_cents, MAX_AMOUNT_CENTS), SHARE_CENTS)


def _budget(cents: int | None, least_cents: int) -> int | None:
    return None if cents is None else within("budget_cents", cents, least_cents, _MOST_CENTS)


def _grade_caps(caps: Mapping[str, int], grades: Collection[str]) -> dict[str, int]:
    """Caps in the order of the grades; a cap on a grade that is not taken contradicts itself."""
    if not set(caps) <= set(Grade.values):
        raise NotAChoice(field="max_per_grade_cents")
    if grades and not set(caps) <= set(grades):
        raise MandateInvalid("a cap on a grade that is not taken", field="max_per_grade_cents")
    for cents in caps.values():
        within("max_per_grade_cents", cents, 0, _MOST_CENTS)
    return {grade: caps[grade] for grade in Grade.values if grade in caps}


def _end(end_on: date | None, on: date) -> date | None:
    if end_on is not None and end_on < on:
        raise TooSmall(field="end_on", minimum=on)
    return end_on


def _check_reach(data: MandateData) -> None:
    """Refuse rates that contradict each other or the price list."""
    if data.min_rate is not None and data.max_rate is not None and data.max_rate < data.min_rate:
        raise MandateInvalid("the highest rate is below the lowest", field="max_rate")
    low, high = data.min_amount_cents, data.max_amount_cents
    if low is not None and high is not None and high < low:
        raise MandateInvalid("the largest amount is below the smallest", field="max_amount_cents")
    bands = [
        price(grade, months)
        for grade in data.grades or Grade.values
        for months in data.terms or TERMS
    ]
    if data.min_rate is not None and data.min_rate > max(band.ceiling for band in bands):
        raise MandateInvalid("no request of these grades and terms pays this", field="min_rate")
    if data.max_rate is not None and data.max_rate < min(band.floor for band in bands):
        raise MandateInvalid("every request of these grades and terms costs more", field="max_rate")
    _check_net_rate(data)


def _check_net_rate(data: MandateData) -> None:
    """Refuse a return that not even the highest rates of these grades and terms leave."""
    if data.min_net_rate is None:
        return
    best = max(
        price(grade, months).ceiling - GRADE_BANDS[grade].typical_pd * LOSS_GIVEN_DEFAULT
        for grade in data.grades or Grade.values
        for months in data.terms or TERMS
    )
    if data.min_net_rate > best:
        raise MandateInvalid("no request of these grades leaves this", field="min_net_rate")
