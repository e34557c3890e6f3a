"""Amounts and rates as people of both languages type them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from web.forms.fields import MoneyField, PercentField, write_amount


@pytest.mark.parametrize(
    ("language", "typed", "cents"),
    [
        ("de", "1.250,50", 1_250_50),
        ("de", "1250,5", 1_250_50),
        ("de", "1 250 €", 1_250_00),
        ("en", "1,250.50", 1_250_50),
        ("en", "€1,250", 1_250_00),
        ("en", "1.250,50", 1_250_50),
        ("de", "1,250.50", 1_250_50),
        ("en", "12,50", 12_50),
    ],
)
def test_an_amount_is_read_in_the_pages_language_or_plainly_in_the_other(
    language: str, typed: str, cents: int
) -> None:
    with translation.override(language):
        assert MoneyField().clean(typed) == cents


@pytest.mark.parametrize(
    ("language", "typed", "code"),
    [
        ("en", "1.250", "too_precise"),
        ("de", "1,250", "too_precise"),
        ("de", "zehn", "not_a_number"),
        ("de", "-5", "negative"),
        ("de", "99999999999999999", "too_large"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(language: str, typed: str, code: str) -> None:
    with translation.override(language), pytest.raises(ValidationError) as refusal:
        MoneyField().clean(typed)
    assert refusal.value.code == code


def test_less_than_the_smallest_amount_is_refused() -> None:
    with translation.override("en"), pytest.raises(ValidationError, match=r"at least €25\.00"):
        MoneyField(minimum_cents=25_00).clean("24.99")


def test_an_amount_is_written_as_it_would_be_typed() -> None:
    with translation.override("de"):
        assert (write_amount(1_250_00), write_amount(1_250_05)) == ("1.250", "1.250,05")
        assert MoneyField().clean(write_amount(1_250_05)) == 1_250_05


@pytest.mark.parametrize("typed", ["7,25", "7.25", "7,25 %", " 7.25%"])
def test_a_rate_is_read_with_comma_or_point(typed: str) -> None:
    assert PercentField().clean(typed) == Decimal("0.0725")


@pytest.mark.parametrize("typed", ["seven", "7.2.5", "-1", "101", "1e2", "٧"])
def test_what_is_no_rate_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        PercentField().clean(typed)


def test_a_rate_is_written_in_percent() -> None:
    with translation.override("de"):
        assert PercentField().prepare_value(Decimal("0.0725")) == "7,25"
