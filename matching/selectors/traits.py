"""What is true of a request beside grade, term, purpose, mark and rate, as words for the engine.

A word is a kind and a value, "region:8". A mandate's filters say which values it takes; as traits
they become the words that it refuses. Bands meet exactly at the borders that a mandate may choose.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
from django.utils.translation import gettext_lazy as _

from lending.choices import (
    AGE_BORDERS,
    AMOUNT_BORDERS,
    FUNDED_BORDERS,
    REGIONS,
    Employment,
)
from matching.engine.problem import Bools

LATE: Final = "late"
UNKNOWN: Final = "?"
"""Who chooses regions or work passes over what is not known."""


class Facts(NamedTuple):
    """A request as its traits see it; `region` is the first digit of the borrower's postcode."""

    amount_cents: int
    funded_cents: int
    listed_on: date
    region: str
    employment: str
    paid_late: bool


class Wishes(NamedTuple):
    """A mandate's filters on traits; an empty choice or None takes everything."""

    regions: Collection[str] = ()
    employments: Collection[str] = ()
    min_amount_cents: int | None = None
    max_amount_cents: int | None = None
    max_age_days: int | None = None
    min_funded_percent: int = 0
    no_late_payers: bool = False


def words_of(facts: Facts, on: date) -> list[str]:
    """The traits of a request on a day."""
    age = (on - facts.listed_on).days
    funded = 100 * facts.funded_cents // facts.amount_cents
    words = [
        f"amount:{_amount_band(facts.amount_cents)}",
        f"age:{sum(age > border for border in AGE_BORDERS)}",
        f"funded:{sum(funded >= border for border in FUNDED_BORDERS)}",
    ]
    words.append(f"region:{facts.region if facts.region in REGIONS else UNKNOWN}")
    words.append(f"employment:{facts.employment or UNKNOWN}")
    if facts.paid_late:
        words.append(LATE)
    return words


def refuses(wishes: Wishes, word: str) -> bool:
    """Whether a mandate refuses requests with this trait."""
    kind, _colon, value = word.partition(":")
    match kind:
        case "region":
            return bool(wishes.regions) and value not in wishes.regions
        case "employment":
            return bool(wishes.employments) and value not in wishes.employments
        case "amount":
            return _is_outside(wishes, int(value))
        case "age":
            most = wishes.max_age_days
            return most is not None and int(value) > sum(most > day for day in AGE_BORDERS)
        case "funded":
            return int(value) < sum(wishes.min_funded_percent >= part for part in FUNDED_BORDERS)
        case _:
            return wishes.no_late_payers


def vocabulary(of_requests: Sequence[Collection[str]]) -> list[str]:
    """Every trait that stands anywhere, ascending."""
    return sorted({word for words in of_requests for word in words})


def flags_of_requests(of_requests: Sequence[Collection[str]], words: Sequence[str]) -> Bools:
    """A row per request, a column per word."""
    flags = np.zeros((len(of_requests), len(words)), np.bool_)
    place = {word: at for at, word in enumerate(words)}
    for row, own in enumerate(of_requests):
        flags[row, [place[word] for word in own]] = True
    return flags


def flags_of_mandates(wishes: Sequence[Wishes], words: Sequence[str]) -> Bools:
    """A row per mandate, a column per word that it refuses."""
    flags = np.zeros((len(wishes), len(words)), np.bool_)
    nothing = Wishes()
    for row, wish in enumerate(wishes):
        if wish != nothing:
            flags[row] = [refuses(wish, word) for word in words]
    return flags


def trait_words(word: str) -> str:
    """What a refused trait is called in a sentence, in the active language."""
    kind, _colon, value = word.partition(":")
    if kind == "employment" and value in Employment.values:
        return str(_("its borrower's work (%(work)s)") % {"work": Employment(value).label})
    if kind == "region" and value in REGIONS:
        return str(_("its region (postcodes from %(digit)s)") % {"digit": value})
    return str(_TOLD[kind])


_TOLD: Final[dict[str, Any]] = {
    "region": _("its region"),
    "employment": _("its borrower's work"),
    "amount": _("its amount"),
    "age": _("it has been listed too long"),
    "funded": _("too little of it is funded so far"),
    LATE: _("its borrower paid late here before"),
}


def _amount_band(cents: int) -> int:
    """Even numbers are a border itself, odd ones lie between two, counted from 0."""
    below = sum(cents > border for border in AMOUNT_BORDERS)
    return 2 * below if cents in AMOUNT_BORDERS else 2 * below - 1


def _is_outside(wishes: Wishes, band: int) -> bool:
    low, high = wishes.min_amount_cents, wishes.max_amount_cents
    too_small = low is not None and band < _amount_band(low)
    return too_small or (high is not None and band > _amount_band(high))
