"""How well a scorecard tells good from bad, on loans whose end is known."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lending.domain.characteristics import ApplicantFeatures
from lending.domain.grades import GRADES
from lending.domain.outcomes import Outcome
from lending.domain.scorecard import Scorecard, score, scorecard_from, training_probability
from lending.domain.scorecard_fit import fit_scorecard, logistic_weights

Floats = npt.NDArray[np.float64]
UNGRADED: Final = "none"


class GradeCount(NamedTuple):
    """Loans of a grade, and how many of them went bad; "none" is worse than H."""

    grade: str
    rows: int
    bad: int


class Quality(NamedTuple):
    """Measures of a scorecard on one set of outcomes.

    Brier score and calibration read the probability on the scale of the training data.
    """

    rows: int
    bad_share: float
    auc: float
    """Chance that a random bad loan scores worse than a random good one; ties count half."""
    brier: float
    """Mean squared distance between probability and outcome."""
    slope: float
    """Slope and intercept of outcomes on predicted log odds; 1 and 0 where they agree.
    No number (nan) where a few loans do not overlap in score."""
    intercept: float


def quality(card: Scorecard, outcomes: Sequence[Outcome]) -> Quality:
    """Measure a scorecard on outcomes, which must be good and bad."""
    points = np.array([score(outcome.features, card).points for outcome in outcomes])
    return _quality(
        np.array([training_probability(int(one), card) for one in points]), _is_bad(outcomes)
    )


def grade_counts(card: Scorecard, outcomes: Sequence[Outcome]) -> list[GradeCount]:
    """Count outcomes by the grade that the scorecard gives, best first."""
    graded = [score(outcome.features, card).grade or UNGRADED for outcome in outcomes]
    counts = []
    for grade in (*GRADES, UNGRADED):
        ends = [one.is_bad for one, given in zip(outcomes, graded, strict=True) if given == grade]
        counts.append(GradeCount(grade, len(ends), sum(ends)))
    return counts


def held_out_quality(outcomes: Sequence[Outcome]) -> Quality:
    """Fit on about three quarters of the outcomes and measure on the fourth held out.

    A hash of what was known of a loan decides its side, so the split needs no seed that
    could be picked for its luck, and equal applications never sit on both sides.
    """
    held = np.array([_hash(outcome.features) % 4 == 0 for outcome in outcomes])
    return _quality(*_fit_and_predict(outcomes, np.flatnonzero(~held), np.flatnonzero(held)))


def cross_validated_quality(
    outcomes: Sequence[Outcome], *, folds: int, repeats: int, seed: int
) -> Quality:
    """Fit and measure on every fold in turn, several times over; return the means."""
    random = np.random.default_rng(seed)
    runs = []
    for _ in range(repeats):
        order = random.permutation(len(outcomes))
        parts = [
            _fit_and_predict(outcomes, np.delete(order, slice(fold, None, folds)), held)
            for fold, held in enumerate(order[start::folds] for start in range(folds))
        ]
        chances, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
        runs.append(_quality(chances, ends))
    means = np.array(runs).mean(axis=0)
    return Quality(len(outcomes), *(float(mean) for mean in means[1:]))


def auc(chances: Floats, is_bad: Floats) -> float:
    """Return the area under the ROC curve from ranks; ties count half."""
    _, places, counts = np.unique(chances, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    bad = is_bad.sum()
    ranks_of_bad = mean_ranks[places][is_bad == 1].sum()
    return float((ranks_of_bad - bad * (bad + 1) / 2) / (bad * (len(is_bad) - bad)))


def _hash(features: ApplicantFeatures) -> int:
    return hashlib.sha256(repr(tuple(features)).encode()).digest()[0]


def _quality(chances: Floats, is_bad: Floats) -> Quality:
    intercept, slope = _calibration(chances, is_bad)
    return Quality(
        rows=len(is_bad),
        bad_share=float(is_bad.mean()),
        auc=auc(chances, is_bad),
        brier=float(((chances - is_bad) ** 2).mean()),
        slope=slope,
        intercept=intercept,
    )


def _calibration(chances: Floats, is_bad: Floats) -> tuple[float, float]:
    """Return intercept and slope; no number where good and bad do not overlap at all."""
    good, bad = chances[is_bad == 0], chances[is_bad == 1]
    if bad.min() >= good.max() or bad.max() <= good.min():
        return math.nan, math.nan
    chance_odds = np.log(chances / (1 - chances))
    intercept, slope = logistic_weights(chance_odds[:, None], is_bad)
    return float(intercept), float(slope)


def _fit_and_predict(
    outcomes: Sequence[Outcome], fitted: npt.NDArray[np.intp], held: npt.NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Fit on some rows; return probabilities and ends of others."""
    training = [outcomes[index] for index in fitted]
    share = float(_is_bad(training).mean())
    table = {**fit_scorecard(training), "version": "", "is_demo": True}
    card = scorecard_from({**table, "data": {"bad_share": share}})
    tests = [outcomes[index] for index in held]
    chances = [training_probability(score(one.features, card).points, card) for one in tests]
    return np.array(chances), _is_bad(tests)


def _is_bad(outcomes: Sequence[Outcome]) -> Floats:
    return np.array([outcome.is_bad for outcome in outcomes], dtype=np.float64)
