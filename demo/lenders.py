"""The demo's lenders: who lends by standing mandates, who by hand, with how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from demo.names import Person, person
from lending.choices import SHARE_CENTS, Cover

WITH_MANDATES: Final = 60
BY_HAND: Final = 40
FIRST_NUMBER: Final = 1_000

_STYLES: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("Breit gestreut", {}),
    ("Sicherheit", {"grades": ("A", "B", "C"), "max_mark": 3}),
    ("Ausgewogen", {"grades": ("B", "C", "D", "E")}),
    ("Chancen", {"grades": ("D", "E", "F", "G", "H"), "min_rate": Decimal("0.08")}),
    ("Kurze Laufzeit", {"terms": (12, 18, 24, 30, 36)}),
    ("Umschuldung", {"purposes": ("debt_consolidation", "credit_card")}),
    ("Ab sechs Prozent", {"min_rate": Decimal("0.06")}),
    (
        "Haus und Alltag",
        {"purposes": ("home_improvement", "house", "car", "moving", "medical", "other")},
    ),
)
_NARROWER: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("mindestens 3 % netto", {"min_net_rate": Decimal("0.03")}),
    (
        "ohne Verzug, bis 25.000",
        {
            "no_late_payers": True,
            "max_amount_cents": 25_000_00,
            "min_net_rate": Decimal("0.015"),
            "preferred_stake_cents": 150_00,
        },
    ),
    ("", {}),
    ("mindestens 2 % netto", {"min_net_rate": Decimal("0.02")}),
    ("Angestellte und Rente", {"employments": ("fixed", "others")}),
    ("", {"min_net_rate": Decimal("0.0375"), "reinvest": "all"}),
    ("Norden und Osten", {"regions": ("0", "1", "2", "3")}),
    ("", {}),
    ("mindestens 4 % netto", {"min_net_rate": Decimal("0.04")}),
    ("was andere begonnen haben", {"min_funded_percent": 25}),
    ("ab 5.000", {"min_amount_cents": 5_000_00, "min_net_rate": Decimal("0.025")}),
    ("", {"max_age_days": 7}),
)
"""What a mandate asks for beyond its style, in turn: words for its name, fields of MandateData."""
_MEDIAN_EUROS: Final = 21_000
_HAND_MEDIAN_EUROS: Final = 4_500


@dataclass(frozen=True)
class MandatePlan:
    """One mandate as the lender will enter it; `filters` are fields of MandateData."""

    name: str
    priority: int
    min_stake_cents: int
    max_per_loan_cents: int
    reserve_cents: int
    filters: Mapping[str, Any]


@dataclass(frozen=True)
class LenderPlan:
    """One lender: pays in on dated occasions, lends by mandates or (without any) by hand."""

    person: Person
    deposits: tuple[tuple[date, int], ...]
    mandates: tuple[MandatePlan, ...]


def lender_plans(rng: Random, *, start: date, days: int) -> list[LenderPlan]:
    """All lenders of the demo, those with mandates first; the same seed gives the same people."""
    return [
        _lender(rng, number, start=start, days=days, by_hand=number >= WITH_MANDATES)
        for number in range(WITH_MANDATES + BY_HAND)
    ]


def _lender(rng: Random, number: int, *, start: date, days: int, by_hand: bool) -> LenderPlan:
    total = _lognormal_cents(rng, _HAND_MEDIAN_EUROS if by_hand else _MEDIAN_EUROS)
    joined = start if number % 4 else start + timedelta(days=rng.randrange(days // 2))
    return LenderPlan(
        person=person(rng, FIRST_NUMBER + number, on=start),
        deposits=_deposits(rng, total, joined, start + timedelta(days=days)),
        mandates=() if by_hand else _mandates(rng, number, total),
    )


def _shares(number: int) -> bool:
    """Whether this lender's mandates choose the grade pool: every third, the shown one included."""
    return number % 3 == 1


def _lognormal_cents(rng: Random, median_euros: int) -> int:
    """A skewed amount in whole hundreds of euros, never under 500."""
    return max(5, round(median_euros * rng.lognormvariate(0, 0.7) / 100)) * 100_00


def _deposits(
    rng: Random, total_cents: int, joined: date, end: date
) -> tuple[tuple[date, int], ...]:
    """Two thirds at the start, the rest on a later day."""
    first = total_cents * 2 // 3 // SHARE_CENTS * SHARE_CENTS
    span = (end - joined).days * 8 // 10
    later = joined + timedelta(days=rng.randrange(span // 8, span))
    return ((joined, first), (later, total_cents - first))


def _mandates(rng: Random, number: int, total_cents: int) -> tuple[MandatePlan, ...]:
    count = 2 if number % 10 == 3 else 1
    styles = rng.sample(_STYLES, count)
    words, more = _NARROWER[number % len(_NARROWER)]
    return tuple(
        MandatePlan(
            name=", ".join(filter(None, (name, words))),
            priority=priority,
            min_stake_cents=rng.choice((25_00, 25_00, 50_00, 100_00)),
            max_per_loan_cents=max(250_00, total_cents // 20 // SHARE_CENTS * SHARE_CENTS),
            reserve_cents=rng.choice((0, 0, 0, 100_00)),
            filters={**filters, **more, **({"cover": Cover.POOL} if _shares(number) else {})},
        )
        for priority, (name, filters) in enumerate(styles, start=1)
    )
