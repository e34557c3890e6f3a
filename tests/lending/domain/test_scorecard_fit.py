"""Fitting the scorecard, and measuring it on loans that it has not seen."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.binning import Cell, cells_of, monotone_edges
from lending.domain.outcomes import Outcome, read_outcome_file
from lending.domain.scorecard import SCORECARD_FILE, load_scorecard, scorecard_from
from lending.domain.scorecard_fit import fit_scorecard, logistic_weights
from lending.domain.scorecard_report import (
    auc,
    cross_validated_quality,
    grade_counts,
    held_out_quality,
    quality,
)

FILE = Path(__file__).parents[3] / "demo" / "data" / "credit_outcomes.csv.gz"


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return read_outcome_file(FILE).outcomes


def test_held_out_loans_are_told_apart(outcomes: list[Outcome]) -> None:
    measured = held_out_quality(outcomes)
    assert 700 < measured.rows < 1_000
    assert measured.auc >= 0.82
    assert measured.brier <= 0.147
    assert 0.85 <= measured.slope <= 1.15


def test_cross_validation_agrees_and_shows_no_leak(outcomes: list[Outcome]) -> None:
    measured = cross_validated_quality(outcomes, folds=5, repeats=2, seed=7)
    assert measured.rows == len(outcomes)
    assert 0.83 <= measured.auc <= 0.87
    assert measured.brier <= 0.145
    assert 0.9 <= measured.slope <= 1.1
    assert abs(measured.intercept) < 0.1


def test_bad_loans_grow_more_frequent_from_grade_to_grade(outcomes: list[Outcome]) -> None:
    counts = grade_counts(load_scorecard(), outcomes)
    assert [count.grade for count in counts] == [*"ABCDEFGH", "none"]
    assert sum(count.rows for count in counts) == len(outcomes)
    assert min(count.rows for count in counts) > 100
    shares = [count.bad / count.rows for count in counts]
    assert shares == sorted(shares)


def test_the_table_in_use_is_what_the_fit_gives(outcomes: list[Outcome]) -> None:
    table = json.loads(SCORECARD_FILE.read_text(encoding="utf-8"))
    fitted = json.loads(json.dumps(fit_scorecard(outcomes)))
    assert {name: table[name] for name in fitted} == fitted
    assert table["data"]["sha256"] == read_outcome_file(FILE).sha256


def test_the_order_of_rows_does_not_matter(outcomes: list[Outcome]) -> None:
    assert fit_scorecard(outcomes[::-1]) == fit_scorecard(outcomes)


def test_the_mean_probability_meets_the_data(outcomes: list[Outcome]) -> None:
    measured = quality(load_scorecard(), outcomes)
    assert measured.bad_share == pytest.approx(0.2802, abs=1e-4)
    assert measured.intercept == pytest.approx(0, abs=0.05)


def test_a_flipped_outcome_ruins_the_area(outcomes: list[Outcome]) -> None:
    flipped = [one._replace(is_bad=not one.is_bad) for one in outcomes]
    right, wrong = (quality(load_scorecard(), ends) for ends in (outcomes, flipped))
    assert right.auc + wrong.auc == pytest.approx(1)


def test_outcomes_of_one_kind_fit_nothing(outcomes: list[Outcome]) -> None:
    with pytest.raises(ValueError, match="good and bad"):
        fit_scorecard([one for one in outcomes if one.is_bad])


def test_a_scorecard_from_other_rows_can_be_read(outcomes: list[Outcome]) -> None:
    table = fit_scorecard(outcomes[:1_000])
    card = scorecard_from({**table, "version": "x", "is_demo": True, "data": {"bad_share": 0.28}})
    assert quality(card, outcomes[1_000:]).auc > 0.8


def test_newtons_method_finds_the_weights_of_known_odds() -> None:
    inputs = np.array([[0.0]] * 100 + [[1.0]] * 100)
    ends = np.array([1.0] * 20 + [0.0] * 80 + [1.0] * 50 + [0.0] * 50)
    intercept, weight = logistic_weights(inputs, ends)
    assert intercept == pytest.approx(math.log(20 / 80))
    assert weight == pytest.approx(math.log(80 / 20))
    pulled = logistic_weights(inputs, ends, ridge=10.0)
    assert 0 < pulled[1] < weight


def test_the_area_counts_pairs_and_halves_ties() -> None:
    chances, is_bad = np.array([0.9, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])
    assert auc(chances, is_bad) == pytest.approx(3.5 / 4)
    assert auc(1 - chances, is_bad) == pytest.approx(0.5 / 4)
    assert auc(np.zeros(4), is_bad) == pytest.approx(0.5)


@given(
    rows=st.lists(
        st.tuples(st.none() | st.floats(0, 1e6), st.booleans()), min_size=30, max_size=200
    ).filter(lambda rows: any(value is not None for value, _ in rows))
)
def test_bins_cover_every_number_and_move_one_way(rows: list[tuple[float | None, bool]]) -> None:
    values = [value for value, _ in rows]
    is_bad = np.array([bad for _, bad in rows], dtype=np.float64)
    edges = monotone_edges(values, is_bad, "rises")
    assert edges == sorted(set(edges))
    assert edges[-1] == math.inf
    cells = [Cell(edge, None) for edge in edges]
    places = cells_of(values, cells)
    known = [place for place, value in zip(places, values, strict=True) if value is not None]
    assert max(known) < len(cells)
    shares = [is_bad[places == place].mean() for place in sorted(set(known))]
    assert shares == sorted(shares)


def test_words_have_cells_of_their_own() -> None:
    cells = [Cell(math.inf, "rent"), Cell(math.inf, "owner")]
    assert cells_of(["owner", "rent", None, "castle", 1.0], cells).tolist() == [1, 0, 2, 2, 2]
