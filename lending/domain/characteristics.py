"""What the scorecard looks at: ratios and plain facts, none of which depends on a currency.

Every amount enters as a part of another amount of the same person, so a card fitted on
one currency and decade can read another. Age, family status, sex, nationality, name and
place are no fields here, and nothing stands in for them.
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

Value = float | str | None
"""A number, a word, or None where it is unknown."""


class ApplicantFeatures(NamedTuple):
    """What an applicant tells, with the loan asked for; None where it is not known."""

    amount_cents: int
    months: int
    price_cents: int | None
    """Price of what the loan pays for."""
    income_cents: int | None
    """Net income a month."""
    costs_cents: int | None
    """Living costs a month, housing included, instalments of loans left out."""
    assets_cents: int | None
    debt_cents: int | None
    years_in_job: int | None
    employment: str | None
    """One of "fixed", "partime", "freelance", "others"."""
    home: str | None
    """One of "owner", "priv" (with a mortgage), "rent", "parents", "other"."""
    had_payment_trouble: bool | None


class Characteristic(NamedTuple):
    """One question of the scorecard."""

    name: str
    risk: Literal["rises", "falls", "by_word"]
    """Whether risk rises or falls with the number; words have no order."""


CHARACTERISTICS: Final = (
    Characteristic("years_in_job", "falls"),
    Characteristic("employment", "by_word"),
    Characteristic("home", "by_word"),
    Characteristic("payment_trouble", "by_word"),
    Characteristic("burden", "rises"),
    Characteristic("amount_to_income", "rises"),
    Characteristic("loan_to_price", "rises"),
    Characteristic("net_assets_to_amount", "falls"),
    Characteristic("term_months", "rises"),
)


def characteristics(given: ApplicantFeatures) -> dict[str, Value]:
    """Return the value of each of `CHARACTERISTICS`, None where an input is unknown.

    `burden` is amount / months over what income leaves after costs, and infinite when that
    is nothing; `amount_to_income` counts monthly incomes.
    """
    return {
        "years_in_job": given.years_in_job,
        "employment": given.employment or None,
        "home": given.home or None,
        "payment_trouble": {True: "yes", False: "no", None: None}[given.had_payment_trouble],
        "burden": _burden(given),
        "amount_to_income": _ratio(given.amount_cents, given.income_cents),
        "loan_to_price": _ratio(given.amount_cents, given.price_cents),
        "net_assets_to_amount": _net_assets_to_amount(given),
        "term_months": given.months,
    }


def _burden(given: ApplicantFeatures) -> float | None:
    if given.income_cents is None or given.costs_cents is None:
        return None
    free_cents = max(given.income_cents - given.costs_cents, 0)
    return _ratio(given.amount_cents, free_cents * given.months)


def _net_assets_to_amount(given: ApplicantFeatures) -> float | None:
    if given.assets_cents is None or given.debt_cents is None:
        return None
    return (given.assets_cents - given.debt_cents) / given.amount_cents


def _ratio(part_cents: int, whole_cents: int | None) -> float | None:
    if whole_cents is None:
        return None
    return part_cents / whole_cents if whole_cents > 0 else math.inf
