"""Points, probability of default, grade and reasons from a readable table of bins.

The table (scorecard.json) was fitted on public data of another country and time: a demo
model, to show and to test with, never to price real loans. Points add up as whole
numbers, and everything else follows from their sum, so anybody can check a score by hand.

Two scales of probability are kept apart. The loans of the data went bad far more often
(28 %) than those of a marketplace that declines the worst; `Scored.pd` shifts the odds
so that the data's population as a whole defaults at `portfolio_default_rate` within a
year. `training_probability` undoes the shift; only it may be compared with the data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from lending.domain.characteristics import (
    CHARACTERISTICS,
    ApplicantFeatures,
    Value,
    characteristics,
)
from lending.domain.grades import grade_of

SCORECARD_FILE: Final = Path(__file__).with_name("scorecard.json")
REASONS_GIVEN: Final = 3
REFERENCE_POINTS: Final = 600
REFERENCE_ODDS: Final = 30
POINTS_TO_DOUBLE: Final = 20
FACTOR: Final = POINTS_TO_DOUBLE / math.log(2)
OFFSET: Final = REFERENCE_POINTS - FACTOR * math.log(REFERENCE_ODDS)
_RISKS: Final = {item.name: item.risk for item in CHARACTERISTICS}


class Bin(NamedTuple):
    """One row of the table; a number belongs to the first bin with `up_to` at or above it."""

    up_to: float
    words: tuple[str, ...]
    points: int


class Question(NamedTuple):
    """One characteristic with its bins, and the points where the answer is unknown."""

    name: str
    bins: tuple[Bin, ...]
    unknown_points: int

    def points_of(self, value: Value) -> int:
        """Return the points of a value, which is None or fits one of the bins."""
        if value is None:
            return self.unknown_points
        if isinstance(value, str):
            return next(row.points for row in self.bins if value in row.words)
        return next(row.points for row in self.bins if value <= row.up_to)

    @property
    def best_points(self) -> int:
        """The most that any answer brings."""
        return max(row.points for row in self.bins)


class Scorecard(NamedTuple):
    """A fitted table; `is_demo` must be shown wherever its result is."""

    version: str
    is_demo: bool
    base_points: int
    questions: tuple[Question, ...]
    training_bad_share: float
    portfolio_default_rate: float


class Reason(NamedTuple):
    """Points lost against the best answer to one question.

    `code` is stable across versions of the table and names question and direction:
    "burden.high", "years_in_job.low", "home.rent", "loan_to_price.unknown".
    """

    code: str
    points_lost: int


class Answer(NamedTuple):
    """How one question was answered, with its points and the most it could bring."""

    name: str
    value: Value
    points: int
    best_points: int


class Scored(NamedTuple):
    """Result of a score; `grade` is None when the risk is above the last grade."""

    points: int
    pd: Decimal
    grade: str | None
    reasons: tuple[Reason, ...]
    answers: tuple[Answer, ...]


def score(applicant: ApplicantFeatures, card: Scorecard) -> Scored:
    """Score an applicant: points add up, the probability of default within a year follows.

    Reasons are the three questions that cost most points, dearest first; those that cost
    nothing are no reasons.
    """
    values = characteristics(applicant)
    answers = tuple(_answer(question, values[question.name]) for question in card.questions)
    points = card.base_points + sum(answer.points for answer in answers)
    pd = Decimal(repr(_probability(points))).quantize(Decimal("1e-6"))
    lost = [Reason(_code(answer), answer.best_points - answer.points) for answer in answers]
    dearest = sorted((reason for reason in lost if reason.points_lost > 0), key=_by_loss)
    return Scored(points, pd, grade_of(pd), tuple(dearest[:REASONS_GIVEN]), answers)


def training_probability(points: int, card: Scorecard) -> float:
    """Return the chance of a bad outcome among loans like those the card was fitted on."""
    shift = log_odds(card.training_bad_share) - log_odds(card.portfolio_default_rate)
    return 1 / (1 + math.exp((points - OFFSET) / FACTOR - shift))


def log_odds(probability: float) -> float:
    """Return ln(p / (1 - p))."""
    return math.log(probability / (1 - probability))


def reason_codes(card: Scorecard) -> list[str]:
    """Return every code that a score by this card may name, for the words around them."""
    codes = []
    for question in card.questions:
        words = sorted(word for row in question.bins for word in row.words)
        direction = {"rises": "high", "falls": "low"}.get(_RISKS[question.name])
        kinds = [*words, "unknown"] if direction is None else [direction, "unknown"]
        codes += [f"{question.name}.{kind}" for kind in kinds]
    return codes


def scorecard_from(table: Mapping[str, Any]) -> Scorecard:
    """Build a scorecard from the parsed JSON table.

    Raises:
        ValueError: a question is missing, doubled or unknown, or numbers find no bin.
    """
    questions = tuple(_question(row) for row in table["characteristics"])
    names = [question.name for question in questions]
    if sorted(names) != sorted(_RISKS):
        raise ValueError(f"the scorecard must ask each of {sorted(_RISKS)} once, not {names}")
    return Scorecard(
        version=table["version"],
        is_demo=table["is_demo"],
        base_points=table["base_points"],
        questions=questions,
        training_bad_share=table["data"]["bad_share"],
        portfolio_default_rate=table["portfolio_default_rate"],
    )


@cache
def load_scorecard(path: Path = SCORECARD_FILE) -> Scorecard:
    """Read the scorecard in use."""
    return scorecard_from(json.loads(path.read_text(encoding="utf-8")))


def _question(row: Mapping[str, Any]) -> Question:
    bins = tuple(
        Bin(
            up_to=math.inf if part.get("up_to") is None else part["up_to"],
            words=tuple(part.get("words", ())),
            points=part["points"],
        )
        for part in row["bins"]
    )
    if _RISKS.get(row["name"]) != "by_word":
        edges = [part.up_to for part in bins]
        if not edges or edges != sorted(set(edges)) or edges[-1] != math.inf:
            raise ValueError(f"the bins of {row['name']} must rise and end without a limit")
    return Question(row["name"], bins, row["unknown"]["points"])


def _answer(question: Question, value: Value) -> Answer:
    """Answer a question; a word that the table does not know is no answer."""
    known_words = {word for row in question.bins for word in row.words}
    if isinstance(value, str) and value not in known_words:
        value = None
    return Answer(question.name, value, question.points_of(value), question.best_points)


def _code(answer: Answer) -> str:
    if answer.value is None:
        return f"{answer.name}.unknown"
    if isinstance(answer.value, str):
        return f"{answer.name}.{answer.value}"
    return f"{answer.name}.{'high' if _RISKS[answer.name] == 'rises' else 'low'}"


def _by_loss(reason: Reason) -> tuple[int, str]:
    return -reason.points_lost, reason.code


def _probability(points: int) -> float:
    return 1 / (1 + math.exp((points - OFFSET) / FACTOR))
