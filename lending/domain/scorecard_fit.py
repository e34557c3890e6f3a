"""How the scorecard is fitted: bins, weights of evidence, a logistic regression, points.

Everything is deterministic: the same rows give the same table, byte for byte.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lending.domain.binning import Cell, cells_of, monotone_edges
from lending.domain.characteristics import CHARACTERISTICS, Characteristic, Value, characteristics
from lending.domain.outcomes import Outcome
from lending.domain.scorecard import FACTOR, OFFSET, log_odds

Floats = npt.NDArray[np.float64]

PORTFOLIO_DEFAULT_RATE: Final = 0.05
"""Share of defaults within a year that the whole population is taken to have."""
RIDGE: Final = 3.0
EVIDENCE_PRIOR_ROWS: Final = 10.0
"""Rows of average outcome added to each bin, so that small bins say little."""
MIN_ROWS_OF_A_WORD: Final = 40
_STEPS: Final = 50


class _Fitted(NamedTuple):
    """One characteristic, cut into cells, with the weight of evidence of each."""

    item: Characteristic
    cells: list[Cell]
    evidence: list[float]
    places: npt.NDArray[np.intp]


def fit_scorecard(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Fit a table as `scorecard.scorecard_from` reads it, less version and provenance.

    Raises:
        ValueError: outcomes all good or all bad, or a characteristic that would count
            the wrong way round.
    """
    is_bad = np.array([outcome.is_bad for outcome in outcomes], dtype=np.float64)
    if is_bad.min() == is_bad.max():
        raise ValueError("a scorecard needs good and bad outcomes")
    rows = [characteristics(outcome.features) for outcome in outcomes]
    fitted = [_cut(item, [row[item.name] for row in rows], is_bad) for item in CHARACTERISTICS]
    evidence = np.column_stack([np.array(one.evidence)[one.places] for one in fitted])
    weights = logistic_weights(evidence, 1 - is_bad, ridge=RIDGE)
    if min(weights[1:]) < 0:
        raise ValueError(f"a characteristic counts the wrong way round: {weights[1:]}")
    shift = log_odds(float(is_bad.mean())) - log_odds(PORTFOLIO_DEFAULT_RATE)
    return _table(fitted, weights, is_bad, shift)


def logistic_weights(inputs: Floats, outcome: Floats, *, ridge: float = 0.0) -> Floats:
    """Return intercept and weights of a logistic regression, by Newton's method.

    `ridge` pulls the weights, not the intercept, towards zero.
    """
    design = np.column_stack([np.ones(len(inputs)), inputs])
    penalty = ridge * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (outcome - chance) - penalty @ weights
        curvature = design.T @ (design * (chance * (1 - chance))[:, None]) + penalty
        step = np.linalg.solve(curvature, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def _cut(item: Characteristic, values: Sequence[Value], is_bad: Floats) -> _Fitted:
    """Cut one characteristic into cells and weigh the evidence of each."""
    if item.risk == "by_word":
        counts = Counter(value for value in values if isinstance(value, str))
        words = sorted(word for word, count in counts.items() if count >= MIN_ROWS_OF_A_WORD)
        cells = [Cell(math.inf, word) for word in words]
    else:
        cells = [Cell(edge, None) for edge in monotone_edges(values, is_bad, item.risk)]
    places = cells_of(values, cells)
    evidence = [_evidence(is_bad[places == place], is_bad) for place in range(len(cells) + 1)]
    return _Fitted(item, cells, evidence, places)


def _evidence(inside: Floats, is_bad: Floats) -> float:
    """Return ln(odds of good inside / odds of good in all), drawn towards 0 in small cells."""
    base = float(is_bad.mean())
    share = (float(inside.sum()) + EVIDENCE_PRIOR_ROWS * base) / (len(inside) + EVIDENCE_PRIOR_ROWS)
    return log_odds(base) - log_odds(share)


def _table(
    fitted: Sequence[_Fitted], weights: Floats, is_bad: Floats, shift: float
) -> dict[str, Any]:
    """Turn weights into whole points; the worst answer to each question brings 0."""
    base, rows = OFFSET + FACTOR * (float(weights[0]) + shift), []
    for one, weight in zip(fitted, weights[1:], strict=True):
        scaled = [FACTOR * float(weight) * evidence for evidence in one.evidence]
        base += min(scaled)
        parts = [
            _row(cell, is_bad[one.places == place], evidence, scaled[place] - min(scaled))
            for place, (cell, evidence) in enumerate(
                zip([*one.cells, None], one.evidence, strict=True)
            )
        ]
        rows.append(
            {
                "name": one.item.name,
                "weight": round(float(weight), 4),
                "bins": parts[:-1],
                "unknown": parts[-1],
            }
        )
    return {
        "portfolio_default_rate": PORTFOLIO_DEFAULT_RATE,
        "base_points": round(base),
        "characteristics": rows,
    }


def _row(cell: Cell | None, inside: Floats, evidence: float, points: float) -> dict[str, Any]:
    """Describe one cell as the table shows it; without a cell it is the unknown answer."""
    where: dict[str, Any] = {}
    if cell is not None:
        limit = None if cell.up_to == math.inf else cell.up_to
        where = {"up_to": limit} if cell.word is None else {"words": [cell.word]}
    return {
        **where,
        "rows": len(inside),
        "bad": int(inside.sum()),
        "evidence": round(evidence, 4),
        "points": round(points),
    }
