"""The one place where a row of the real loan data becomes an application to this marketplace.

What is measured in the data and what is filled in by rule stands in data/README.md; the rules are
the functions below, in the same order. Amounts in the data count as euros.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from demo.jobs import GERMAN_JOBS
from lending.choices import MIN_AMOUNT_CENTS, SHARE_CENTS

FILE: Final = Path(__file__).parent / "data" / "loan_requests.csv.gz"
MAX_CENTS: Final = 32_000_00

NET_OF_GROSS: Final = 0.62
"""Net income by rule: what an employee keeps of the yearly gross figure in the data."""
CARD_INSTALMENT: Final = 0.03
"""Monthly instalment of the card debts that a consolidation loan replaces, of their amount."""
HOUSING: Final = {"rent": 0.27, "priv": 0.24, "owner": 0.09}
"""Housing cost by rule, as a share of net income, by home."""
ASSETS_IN_MONTHS: Final = {"rent": 3, "priv": 20, "owner": 36}
"""Savings and property by rule, in months of net income, by home."""
LIVING_FIRST_CENTS: Final = 540_00
LIVING_FURTHER_CENTS: Final = 310_00
"""Living cost by rule: for the first person and for each further one in the household."""
BEARABLE: Final = 0.6
HOPEFUL: Final = 0.15
"""Who would have to spend more of free income than this mostly does not ask at all."""
INTEREST_A_YEAR: Final = 0.15
PRICED: Final = frozenset({"car", "house", "home_improvement", "major_purchase", "wedding"})
"""Purposes with a price of their own, above the amount that is borrowed."""
FREELANCE: Final = frozenset(
    {"owner", "president", "ceo", "realtor", "consultant", "self employed", "attorney"}
)
PART_TIME: Final = frozenset({"server", "bartender", "cook", "cashier", "substitute teacher"})
HOMES: Final = {"MORTGAGE": "priv", "RENT": "rent", "OWN": "owner"}


@dataclass(frozen=True)
class Applicant:
    """One application, in the words and units of the wizard (whole cents, months, years)."""

    amount_cents: int
    term_months: int
    purpose: str
    employment: str
    job_title: str
    years_in_job: int
    home: str
    household_size: int
    income_cents: int
    housing_cents: int
    living_cents: int
    instalments_cents: int
    debt_cents: int
    assets_cents: int
    price_cents: int | None
    had_payment_trouble: bool

    @property
    def burden(self) -> float:
        """Roughly the share of free income that all instalments would take."""
        own_cents = self.amount_cents / self.term_months * (1 + INTEREST_A_YEAR)
        free_cents = self.income_cents - self.housing_cents - self.living_cents
        return (self.instalments_cents + own_cents) / max(free_cents, 1)


def applicants(rng: Random) -> Iterator[Applicant]:
    """Applications in a seeded order: real rows whose amount and job this market can show."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if _is_usable(row)]
    rng.shuffle(rows)
    drawn = (applicant(row, rng) for row in rows)
    return (one for one in drawn if one.burden < BEARABLE or rng.random() < HOPEFUL)


def _is_usable(row: Mapping[str, str]) -> bool:
    cents = int(row["loan_amount"]) * 100
    fits = MIN_AMOUNT_CENTS <= cents <= MAX_CENTS and not cents % SHARE_CENTS
    return fits and _job(row) in GERMAN_JOBS


def applicant(row: Mapping[str, str], rng: Random) -> Applicant:
    """One row as an application; `rng` draws only what the data does not hold."""
    amount_cents = int(row["loan_amount"]) * 100
    home = HOMES[row["homeownership"]]
    gross_cents = _gross_cents_a_month(row)
    net_cents = round(gross_cents * NET_OF_GROSS)
    household = _household(row, rng)
    return Applicant(
        amount_cents=amount_cents,
        term_months=int(row["term"]),
        purpose=row["loan_purpose"],
        employment=_employment(_job(row)),
        job_title=GERMAN_JOBS[_job(row)],
        years_in_job=int(float(row["emp_length"] or 0)),
        home=home,
        household_size=household,
        income_cents=_whole_tens(net_cents),
        housing_cents=_whole_tens(net_cents * HOUSING[home]),
        living_cents=LIVING_FIRST_CENTS + LIVING_FURTHER_CENTS * (household - 1),
        instalments_cents=_other_instalments_cents(row, gross_cents, amount_cents),
        debt_cents=_other_debt_cents(row, amount_cents),
        assets_cents=_whole_tens(net_cents * ASSETS_IN_MONTHS[home]),
        price_cents=_price_cents(row, amount_cents, rng),
        had_payment_trouble=_had_trouble(row),
    )


def _job(row: Mapping[str, str]) -> str:
    return row["emp_title"].strip().lower()


def _employment(job: str) -> str:
    if job in FREELANCE:
        return "freelance"
    return "partime" if job in PART_TIME else "fixed"


def _gross_cents_a_month(row: Mapping[str, str]) -> int:
    yearly = row["annual_income_joint"] or row["annual_income"]
    return round(float(yearly) * 100 / 12)


def _household(row: Mapping[str, str], rng: Random) -> int:
    size = rng.choices((1, 2, 3, 4), weights=(40, 32, 15, 13))[0]
    return max(size, 2) if row["application_type"] == "joint" else size


def _is_consolidation(row: Mapping[str, str]) -> bool:
    return row["loan_purpose"] in {"debt_consolidation", "credit_card"}


def _other_instalments_cents(row: Mapping[str, str], gross_cents: int, amount_cents: int) -> int:
    """Debt-to-income times income; a consolidation replaces the instalments it pays off."""
    ratio = float(row["debt_to_income_joint"] or row["debt_to_income"] or 0) / 100
    cents = gross_cents * ratio
    if _is_consolidation(row):
        cents = max(0.0, cents - amount_cents * CARD_INSTALMENT)
    return _whole_tens(cents)


def _other_debt_cents(row: Mapping[str, str], amount_cents: int) -> int:
    """Credit in use; a consolidation pays its own amount off."""
    cents = round(float(row["total_credit_utilized"]) * 100)
    return _whole_tens(max(0, cents - amount_cents if _is_consolidation(row) else cents))


def _price_cents(row: Mapping[str, str], amount_cents: int, rng: Random) -> int | None:
    if row["loan_purpose"] not in PRICED:
        return None
    return _whole_tens(amount_cents * rng.uniform(1.05, 1.6))


def _had_trouble(row: Mapping[str, str]) -> bool:
    return int(row["delinq_2y"] or 0) > 0 or int(row["num_accounts_30d_past_due"] or 0) > 0


def _whole_tens(cents: float) -> int:
    """Whole tens of euros, as people write such figures down."""
    return round(cents / 1_000) * 1_000
