"""Points, probability, grade and reasons, from the table in use."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.characteristics import ApplicantFeatures
from lending.domain.grades import grade_of
from lending.domain.scorecard import (
    SCORECARD_FILE,
    Reason,
    load_scorecard,
    reason_codes,
    score,
    scorecard_from,
    training_probability,
)

CARD = load_scorecard()
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
CENTS = st.integers(1, 100_000_00)
PEOPLE = st.builds(
    ApplicantFeatures,
    amount_cents=CENTS,
    months=st.integers(12, 84),
    price_cents=st.none() | CENTS,
    income_cents=st.none() | CENTS,
    costs_cents=st.none() | CENTS,
    assets_cents=st.none() | CENTS,
    debt_cents=st.none() | CENTS,
    years_in_job=st.none() | st.integers(0, 60),
    employment=st.sampled_from(["fixed", "partime", "freelance", "others", "", None, "other"]),
    home=st.sampled_from(["owner", "priv", "rent", "parents", "other", "", None, "castle"]),
    had_payment_trouble=st.sampled_from([True, False, None]),
)


def table() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(SCORECARD_FILE.read_text(encoding="utf-8"))
    return parsed


def test_a_score_can_be_added_up_by_hand() -> None:
    scored = score(PERSON, CARD)
    assert {answer.name: answer.points for answer in scored.answers} == {
        "years_in_job": 32,
        "employment": 30,
        "home": 4,
        "payment_trouble": 51,
        "burden": 34,
        "amount_to_income": 17,
        "loan_to_price": 13,
        "net_assets_to_amount": 8,
        "term_months": 3,
    }
    assert scored.points == CARD.base_points + 192 == 619
    assert scored.pd == Decimal("0.016962")
    assert scored.grade == "A"
    assert scored.reasons == (
        Reason("loan_to_price.high", 34),
        Reason("net_assets_to_amount.low", 17),
        Reason("years_in_job.low", 15),
    )


@given(person=PEOPLE)
def test_points_decide_everything(person: ApplicantFeatures) -> None:
    scored = score(person, CARD)
    assert scored.points == CARD.base_points + sum(answer.points for answer in scored.answers)
    assert float(scored.pd) == pytest.approx(
        1 / (1 + 30 * 2 ** ((scored.points - 600) / 20)), abs=1e-6
    )
    assert scored.grade == grade_of(scored.pd)


@given(person=PEOPLE)
def test_reasons_are_the_dearest_answers_in_stable_words(person: ApplicantFeatures) -> None:
    scored = score(person, CARD)
    lost = sorted((one.best_points - one.points for one in scored.answers), reverse=True)
    given_lost = [reason.points_lost for reason in scored.reasons]
    assert given_lost == [points for points in lost[:3] if points > 0]
    assert {reason.code for reason in scored.reasons} <= set(reason_codes(CARD))


@given(person=PEOPLE, more=st.integers(1, 20))
def test_risk_moves_the_way_it_should(person: ApplicantFeatures, more: int) -> None:
    points = score(person, CARD).points
    if person.years_in_job is not None:
        longer = person._replace(years_in_job=person.years_in_job + more)
        assert score(longer, CARD).points >= points
    assert score(person._replace(months=person.months), CARD).points == points
    if person.had_payment_trouble is False:
        assert score(person._replace(had_payment_trouble=True), CARD).points < points
    if person.price_cents is not None:
        richer = person._replace(price_cents=person.price_cents * (1 + more))
        assert score(richer, CARD).points >= points


def test_a_word_the_table_does_not_know_is_unknown() -> None:
    stranger = score(PERSON._replace(home="castle"), CARD)
    silent = score(PERSON._replace(home=None), CARD)
    assert stranger == silent


def test_a_missing_price_is_neutral_and_a_missing_income_is_not() -> None:
    points = score(PERSON, CARD).points
    worst, best = (
        score(PERSON._replace(price_cents=price), CARD).points for price in (1_00, 90_000_00)
    )
    assert worst < score(PERSON._replace(price_cents=None), CARD).points < best
    assert score(PERSON._replace(income_cents=None), CARD).points < points - 40


def test_both_scales_of_probability_rank_alike_and_fit_their_base_rate() -> None:
    points = range(400, 701, 10)
    chances = [training_probability(one, CARD) for one in points]
    assert chances == sorted(chances, reverse=True)
    odds = [
        chance / (1 - chance) * 30 * 2 ** ((one - 600) / 20)
        for chance, one in zip(chances, points, strict=True)
    ]
    shift = (CARD.training_bad_share / (1 - CARD.training_bad_share)) / (0.05 / 0.95)
    assert odds == pytest.approx([shift] * len(odds))


def test_reason_codes_are_stable() -> None:
    assert set(reason_codes(CARD)) == {
        *(f"employment.{kind}" for kind in ("fixed", "freelance", "others", "partime", "unknown")),
        *(f"home.{kind}" for kind in ("owner", "priv", "rent", "parents", "other", "unknown")),
        *(f"payment_trouble.{kind}" for kind in ("yes", "no", "unknown")),
        *(
            f"{name}.{kind}"
            for name, direction in {
                "years_in_job": "low",
                "burden": "high",
                "amount_to_income": "high",
                "loan_to_price": "high",
                "net_assets_to_amount": "low",
                "term_months": "high",
            }.items()
            for kind in (direction, "unknown")
        ),
    }


def test_the_table_is_marked_and_names_its_data() -> None:
    assert CARD.is_demo
    assert CARD.version == table()["version"]
    assert len(table()["data"]["sha256"]) == 64


def test_points_fall_with_risk_in_every_question() -> None:
    for question in table()["characteristics"]:
        assert question["weight"] > 0
        by_share = sorted(question["bins"], key=lambda row: row["bad"] / row["rows"])
        points = [row["points"] for row in by_share]
        assert points == sorted(points, reverse=True)


@pytest.mark.parametrize("damage", ["doubled", "missing", "unsorted", "bounded"])
def test_a_damaged_table_is_refused(damage: str) -> None:
    damaged = table()
    questions = damaged["characteristics"]
    if damage == "doubled":
        questions.append(questions[0])
    if damage == "missing":
        del questions[0]
    if damage == "unsorted":
        questions[0]["bins"].reverse()
    if damage == "bounded":
        del questions[0]["bins"][-1]
    with pytest.raises(ValueError, match=r"must ask each|must rise"):
        scorecard_from(damaged)
