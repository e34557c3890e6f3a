"""What the scorecard looks at."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.characteristics import (
    CHARACTERISTICS,
    ApplicantFeatures,
    characteristics,
)

PERSON = ApplicantFeatures(
    amount_cents=10_000_00,
    months=36,
    price_cents=12_500_00,
    income_cents=2_500_00,
    costs_cents=1_500_00,
    assets_cents=25_000_00,
    debt_cents=5_000_00,
    years_in_job=6,
    employment="fixed",
    home="rent",
    had_payment_trouble=False,
)
AMOUNTS = ("amount", "price", "income", "costs", "assets", "debt")


def test_amounts_become_ratios() -> None:
    assert characteristics(PERSON) == {
        "years_in_job": 6,
        "employment": "fixed",
        "home": "rent",
        "payment_trouble": "no",
        "burden": pytest.approx(10_000 / 36 / 1_000),
        "amount_to_income": 4.0,
        "loan_to_price": 0.8,
        "net_assets_to_amount": 2.0,
        "term_months": 36,
    }
    assert list(characteristics(PERSON)) == [item.name for item in CHARACTERISTICS]


@given(rate=st.integers(2, 500))
def test_another_currency_gives_the_same_values(rate: int) -> None:
    amounts = {f"{name}_cents": getattr(PERSON, f"{name}_cents") * rate for name in AMOUNTS}
    assert characteristics(PERSON._replace(**amounts)) == characteristics(PERSON)


def test_what_is_not_known_stays_unknown() -> None:
    nobody = ApplicantFeatures(10_000_00, 36, *[None] * 9)
    known = {name for name, value in characteristics(nobody).items() if value is not None}
    assert known == {"term_months"}


def test_nothing_free_is_an_endless_burden() -> None:
    for income in (1_500_00, 1_000_00):
        values = characteristics(PERSON._replace(income_cents=income))
        assert values["burden"] == math.inf
    assert characteristics(PERSON._replace(income_cents=0))["amount_to_income"] == math.inf


def test_former_trouble_is_a_word() -> None:
    answers = [
        characteristics(PERSON._replace(had_payment_trouble=had))["payment_trouble"]
        for had in (True, False, None)
    ]
    assert answers == ["yes", "no", None]


def test_protected_facts_are_no_input() -> None:
    fields = {name.removesuffix("_cents") for name in ApplicantFeatures._fields}
    assert not fields & {"age", "marital", "sex", "nationality", "name", "postcode", "birth"}
