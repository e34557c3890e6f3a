"""Traits of requests and the words that mandates refuse."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from lending.choices import AGE_BORDERS, AMOUNT_BORDERS, FUNDED_BORDERS, REGIONS, Employment
from matching.selectors.traits import (
    Facts,
    Wishes,
    refuses,
    trait_words,
    words_of,
)

ON = date(2026, 11, 24)


def facts(**changed: object) -> Facts:
    """A request of EUR 8,000 listed today."""
    usual = Facts(8_000_00, 0, ON, "8", "fixed", False)
    return usual._replace(**changed)


def takes(wishes: Wishes, given: Facts, on: date = ON) -> bool:
    """Whether no trait is refused."""
    return not any(refuses(wishes, word) for word in words_of(given, on))


@given(
    amount=integers(40, 2_000),
    low=sampled_from((None, *AMOUNT_BORDERS)),
    high=sampled_from((None, *AMOUNT_BORDERS)),
)
def test_amounts_are_taken_from_the_smallest_to_the_largest_inclusive(amount, low, high):
    cents = amount * 25_00
    wanted = (low is None or cents >= low) and (high is None or cents <= high)
    wishes = Wishes(min_amount_cents=low, max_amount_cents=high)
    assert takes(wishes, facts(amount_cents=cents)) is wanted


@given(age=integers(0, 20), most=sampled_from((None, *AGE_BORDERS)))
def test_requests_are_taken_up_to_their_age(age, most):
    listed = date.fromordinal(ON.toordinal() - age)
    wanted = most is None or age <= most
    assert takes(Wishes(max_age_days=most), facts(listed_on=listed)) is wanted


@given(funded=integers(0, 320), least=sampled_from((0, *FUNDED_BORDERS)))
def test_requests_are_taken_once_so_much_is_funded(funded, least):
    given = facts(funded_cents=funded * 25_00)
    assert takes(Wishes(min_funded_percent=least), given) is (100 * funded // 320 >= least)


@given(region=sampled_from(REGIONS), chosen=sampled_from(REGIONS))
def test_a_region_is_taken_when_it_is_chosen(region, chosen):
    assert takes(Wishes(regions=[chosen]), facts(region=region)) is (region == chosen)


def test_what_is_not_known_is_taken_only_by_those_who_do_not_ask() -> None:
    unknown = facts(region="x", employment="")
    assert takes(Wishes(), unknown)
    assert not takes(Wishes(regions=["1"]), unknown)
    assert not takes(Wishes(employments=["fixed"]), unknown)
    assert all(trait_words(word) for word in words_of(unknown, ON))


@pytest.mark.parametrize("kind", Employment.values)
def test_work_is_taken_when_it_is_chosen(kind: str) -> None:
    assert takes(Wishes(employments=[kind]), facts(employment=kind))
    others = [other for other in Employment.values if other != kind]
    assert not takes(Wishes(employments=others), facts(employment=kind))


def test_who_paid_late_is_refused_by_those_who_say_so() -> None:
    assert takes(Wishes(), facts(paid_late=True))
    assert not takes(Wishes(no_late_payers=True), facts(paid_late=True))
    assert takes(Wishes(no_late_payers=True), facts())


def test_every_trait_has_words() -> None:
    told = words_of(facts(paid_late=True), ON)
    assert len({trait_words(word) for word in told}) == len(told) == 6
