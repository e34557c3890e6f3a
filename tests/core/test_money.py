"""Cents: rounding, dividing, writing and reading."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from core.money import AmountError, format_cents, parse_cents, split_cents, to_cents

WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=40).filter(any)
TOTALS = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("amount", "half_up", "half_even", "up"),
    [
        ("2.5", 3, 2, 3),
        ("3.5", 4, 4, 4),
        ("2.4999", 2, 2, 3),
        ("2", 2, 2, 2),
        ("0.0001", 0, 0, 1),
        ("-2.5", -3, -2, -3),
        ("0", 0, 0, 0),
    ],
)
def test_cents_round_as_named(amount: str, half_up: int, half_even: int, up: int) -> None:
    exact = Decimal(amount)
    assert to_cents(exact) == half_up
    assert to_cents(exact, "half_even") == half_even
    assert to_cents(exact, "up") == up


@given(st.decimals(-(10**15), 10**15, places=6))
def test_rounding_mirrors_negative_amounts(amount: Decimal) -> None:
    assert to_cents(-amount) == -to_cents(amount)


def test_an_unknown_rounding_is_refused() -> None:
    with pytest.raises(ValueError, match="rounding"):
        to_cents(Decimal(1), "down")  # type: ignore[arg-type]


@given(total=TOTALS, weights=WEIGHTS)
def test_parts_add_up_and_nobody_is_off_by_a_cent(total: int, weights: list[int]) -> None:
    parts = split_cents(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@given(total=TOTALS, weights=WEIGHTS)
def test_who_has_no_weight_gets_nothing(total: int, weights: list[int]) -> None:
    parts = split_cents(total, [*weights, 0])
    assert parts[-1] == 0
    assert parts[:-1] == split_cents(total, weights)


@given(total=TOTALS, weights=WEIGHTS)
def test_a_reversal_mirrors_the_split(total: int, weights: list[int]) -> None:
    assert split_cents(-total, weights) == [-part for part in split_cents(total, weights)]


@given(
    owed=st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    payments=st.lists(st.integers(1, 10**6), max_size=12),
)
def test_payments_by_what_is_still_owed_close_every_claim(
    owed: list[int], payments: list[int]
) -> None:
    for paid in [*payments, sum(owed)]:
        parts = split_cents(min(paid, sum(owed)), owed)
        assert all(0 <= part <= claim for part, claim in zip(parts, owed, strict=True))
        owed = [claim - part for claim, part in zip(owed, parts, strict=True)]
    assert split_cents(sum(owed), owed) == owed


def test_spare_cents_go_to_the_largest_remainders_then_by_position() -> None:
    assert split_cents(100, [1, 1, 1]) == [34, 33, 33]
    assert split_cents(100, [1, 2, 3]) == [17, 33, 50]
    assert split_cents(2, [3, 3, 3]) == [1, 1, 0]
    assert split_cents(10, [0, 3, 7]) == [0, 3, 7]


def test_nothing_can_be_shared_among_nobody_but_money_cannot() -> None:
    assert split_cents(0, []) == []
    assert split_cents(0, [0, 0]) == [0, 0]
    for weights in ([], [0, 0]):
        with pytest.raises(ValueError, match="nobody"):
            split_cents(1, weights)
    with pytest.raises(ValueError, match="negative"):
        split_cents(1, [2, -1])


@pytest.mark.parametrize(
    ("cents", "locale", "text"),
    [
        (123456, "de", "1.234,56\u00a0€"),
        (123456, "en", "€1,234.56"),
        (-5, "de", "-0,05\u00a0€"),
        (0, "en-gb", "€0.00"),
        (10**15, "de", "10.000.000.000.000,00\u00a0€"),
    ],
)
def test_amounts_are_written_as_people_do(cents: int, locale: str, text: str) -> None:
    assert format_cents(cents, locale) == text


@given(
    cents=st.integers(-(10**15), 10**15),
    locale=st.sampled_from(["de", "en", "de_AT", "de_CH", "en_GB"]),
)
def test_amounts_are_written_as_babel_writes_them(cents: int, locale: str) -> None:
    assert format_cents(cents, locale) == format_currency(
        Decimal(cents).scaleb(-2), "EUR", locale=locale
    )


@given(cents=st.integers(0, 10**15), locale=st.sampled_from(["de", "en", "de-at", "en-gb"]))
def test_what_is_written_can_be_read_again(cents: int, locale: str) -> None:
    assert parse_cents(format_cents(cents, locale), locale) == cents


@pytest.mark.parametrize(
    ("text", "locale", "cents"),
    [
        ("1.234,56", "de", 123456),
        ("1234,5", "de", 123450),
        ("€ 25", "de", 2500),
        ("25 EUR", "de", 2500),
        ("25eur", "en", 2500),
        (" 10 000 € ", "de", 1000000),
        ("10\u202f000,00\u00a0€", "de", 1000000),
        ("1.234.567", "de", 123456700),
        ("0,01", "de", 1),
        ("1,234.56", "en", 123456),
        ("1234.5", "en", 123450),
    ],
)
def test_clear_amounts_are_read(text: str, locale: str, cents: int) -> None:
    assert parse_cents(text, locale) == cents


@pytest.mark.parametrize(
    ("text", "locale", "code"),
    [
        ("", "de", "empty"),
        (" € ", "de", "empty"),
        ("-5", "de", "negative"),
        ("\u22125", "en", "negative"),
        ("abc", "de", "not_a_number"),
        ("1e3", "en", "not_a_number"),
        ("٣", "en", "not_a_number"),
        ("12 $", "en", "not_a_number"),
        ("5,", "de", "not_a_number"),
        (",5", "de", "not_a_number"),
        ("1.23", "de", "ambiguous"),
        ("1234.56", "de", "ambiguous"),
        ("12.34,56", "de", "ambiguous"),
        ("1,2,3", "de", "ambiguous"),
        ("1.234 567", "de", "ambiguous"),
        ("1,5", "en", "ambiguous"),
        ("1,234,56", "en", "ambiguous"),
        ("1,234", "de", "too_precise"),
        ("1.005", "en", "too_precise"),
        ("99999999999999", "de", "too_large"),
    ],
)
def test_unclear_amounts_are_refused_with_a_code(text: str, locale: str, code: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_cents(text, locale)
    assert refused.value.code == code


@given(text=st.text(max_size=12), locale=st.sampled_from(["de", "en"]))
def test_any_text_is_read_or_refused(text: str, locale: str) -> None:
    try:
        cents = parse_cents(text, locale)
    except AmountError:
        return
    assert 0 <= cents <= 10**15
