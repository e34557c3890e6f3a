"""What a borrower tells in each step of an application, and what of it can be right.

These fields are all that an application can hold: nothing about health, origin, belief, family
status or social networks has a place to be written down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.inputs import Missing, line, on_step, one_of, text, within
from lending.choices import (
    DUE_DAYS,
    LEAST_PARTS,
    MAX_AMOUNT_CENTS,
    MIN_AMOUNT_CENTS,
    SHARE_CENTS,
    TERMS,
    Employment,
    FirstPeriod,
    Home,
    PriceRule,
    Purpose,
)
from lending.errors import AuctionIsWhole, ContactInText

LOWEST_RATE: Final = Decimal("0.005")
HIGHEST_RATE: Final = Decimal("0.30")
_A_MONTH_CENTS: Final = 1_000_000_00
_WEALTH_CENTS: Final = 100_000_000_00
_CONTACT: Final = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|https?://|www\.|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}", re.IGNORECASE
)


@dataclass(frozen=True)
class AmountData:
    """Step one: what is asked for.

    `max_rate` None leaves the rate to the price list; an auction needs it. `least_percent` is the
    part of the amount that would do; an auction is filled whole.
    """

    amount_cents: int | None
    term_months: int | None
    purpose: str
    due_day: int = 1
    max_rate: Decimal | None = None
    price_rule: str = PriceRule.FIXED
    least_percent: int = 100
    first_period: str = FirstPeriod.EQUAL

    def checked(self) -> AmountData:
        """Return the same, tidied; raises InvalidInput with the field."""
        amount = within("amount_cents", self.amount_cents, MIN_AMOUNT_CENTS, MAX_AMOUNT_CENTS)
        rate = self.max_rate
        if rate is not None:
            rate = within("max_rate", rate, LOWEST_RATE, HIGHEST_RATE)
        rule = one_of("price_rule", self.price_rule, PriceRule.values)
        least = one_of("least_percent", self.least_percent, LEAST_PARTS)
        if rule != PriceRule.FIXED and rate is None:
            raise Missing(field="max_rate")
        if rule != PriceRule.FIXED and least != 100:
            raise AuctionIsWhole(field="least_percent")
        return AmountData(
            amount_cents=on_step("amount_cents", amount, SHARE_CENTS),
            term_months=one_of("term_months", self.term_months, TERMS),
            purpose=one_of("purpose", self.purpose, Purpose.values),
            due_day=one_of("due_day", self.due_day, DUE_DAYS),
            max_rate=rate,
            price_rule=rule,
            least_percent=least,
            first_period=one_of("first_period", self.first_period, FirstPeriod.values),
        )


@dataclass(frozen=True)
class WorkData:
    """Step two: work and income. Who lives on a pension names no job."""

    employment: str
    job_title: str
    years_in_job: int | None
    income_cents: int | None

    def checked(self) -> WorkData:
        """Return the same, tidied; raises InvalidInput with the field."""
        employment = one_of("employment", self.employment, Employment.values)
        needs_title = employment != Employment.OTHERS
        return WorkData(
            employment=employment,
            job_title=line("job_title", self.job_title, minimum=2 * needs_title, maximum=80),
            years_in_job=within("years_in_job", self.years_in_job, 0, 70),
            income_cents=within("income_cents", self.income_cents, 0, _A_MONTH_CENTS),
        )


@dataclass(frozen=True)
class BudgetData:
    """Step three: home, what each month costs, what is owed and owned."""

    home: str
    household_size: int | None
    housing_cents: int | None
    living_cents: int | None
    instalments_cents: int | None
    debt_cents: int | None
    assets_cents: int | None
    had_payment_trouble: bool | None
    price_cents: int | None = None

    def checked(self) -> BudgetData:
        """Return the same; raises InvalidInput with the field."""
        if self.had_payment_trouble is None:
            raise Missing(field="had_payment_trouble")
        price = self.price_cents
        if price is not None:
            price = within("price_cents", price, 0, _WEALTH_CENTS)
        return BudgetData(
            home=one_of("home", self.home, Home.values),
            household_size=within("household_size", self.household_size, 1, 20),
            housing_cents=within("housing_cents", self.housing_cents, 0, _A_MONTH_CENTS),
            living_cents=within("living_cents", self.living_cents, 0, _A_MONTH_CENTS),
            instalments_cents=within(
                "instalments_cents", self.instalments_cents, 0, _A_MONTH_CENTS
            ),
            debt_cents=within("debt_cents", self.debt_cents, 0, _WEALTH_CENTS),
            assets_cents=within("assets_cents", self.assets_cents, 0, _WEALTH_CENTS),
            had_payment_trouble=self.had_payment_trouble,
            price_cents=price,
        )


@dataclass(frozen=True)
class StoryData:
    """Step four: what lenders read."""

    title: str
    story: str

    def checked(self) -> StoryData:
        """Return the same, tidied; raises ContactInText, or InvalidInput with the field."""
        told = StoryData(
            title=line("title", self.title, minimum=5, maximum=80),
            story=text("story", self.story, minimum=20, maximum=4000),
        )
        for field, words in (("title", told.title), ("story", told.story)):
            if _CONTACT.search(words):
                raise ContactInText(field=field)
        return told
