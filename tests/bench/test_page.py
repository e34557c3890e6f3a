"""The page tells every figure with its goal, and whether it holds."""

from __future__ import annotations

from datetime import date
from math import log10

import pytest

from bench.child import Alone
from bench.day_end import DayFigures, Days
from bench.found import FAIR_RATIO, Flowed, Found, Sizes
from bench.goals import GOALS, Goal
from bench.markets import generated
from bench.matching import Fairness, quality, solved, speeds
from bench.over_time import turns
from bench.page import details, page
from bench.round_commit import CommitFigures


@pytest.mark.parametrize(
    ("goal", "figure", "said"),
    [
        (Goal("", "", least=0.7, aim=0.85), 0.69, "**not met**"),
        (Goal("", "", least=0.7, aim=0.85), 0.70, "met, not the aim"),
        (Goal("", "", least=0.7, aim=0.85), 0.85, "met, aim too"),
        (Goal("", "", most=0.2), 0.2, "met"),
        (Goal("", "", most=0.2), 0.21, "**not met**"),
        (Goal("", "", most=0.003, aim=0.002), 0.0021, "met, not the aim"),
    ],
)
def test_a_goal_is_met_or_not(goal, figure, said):
    assert goal.reached(figure) == said


@pytest.fixture(scope="module")
def found() -> Found:
    """Small markets that were really measured; memory, flows and commits are made up."""
    size, huge = (200, 20), (300, 30)
    round_ = solved(*size, 1.0, 1, 1)
    market = generated(*size, cash_per_demand=1, seed=1)
    facts = {"rounds": 2, "cash_per_demand": 10, "seed": 1}
    return Found(
        Sizes(usual=size, small=size, exact=size, large=size, huge=huge),
        quality=[quality(market, cash_per_demand=1, seed=1)[0]],
        fairness=[Fairness(1, 0.25, 0.125, 1.0), Fairness(2, 0.5, 0.25, 1.0)],
        turns={carries: turns(*size, **facts, carries=carries) for carries in (True, False)},
        speeds=speeds(*size, seed=1, repeats=1),
        small_speeds=speeds(*size, seed=1, repeats=1),
        rounds={size: Alone(round_, 50.0), huge: Alone(round_, 1234.0)},
        flows={size: Alone(Flowed(1.0, round_.funded_cents * 2), 100.0)},
        commits=[CommitFigures(10, 1.0, 2.0, 0.5), CommitFigures(100, 9.0, 10.0, 0.25)],
        days=Days(
            DayFigures(10, 10, 100, 300, 1.6, 1.0, 5.0),
            DayFigures(100, 10, 100, 300, 2.0, 1.0, 5.0),
            DayFigures(100, 100, 1000, 3000, 20.0, 8.0, 5.0),
        ),
    )


def test_every_goal_has_a_figure_of_the_run(found):
    figures = found.figures()
    assert figures.keys() == GOALS.keys()
    assert figures["M1"] == found.quality[0].of_bound
    assert figures["M2"] == pytest.approx(0.1875)
    assert (figures["M5a"], figures["M5b"], figures["M6"]) == (50, 1234, 0.5)
    assert (figures["P1"], figures["P2"], figures["G1"]) == (0.9, 36, 0)
    assert (figures["S1"], figures["S2"], figures["G3a"]) == (0.4, 12.5, 1)
    assert figures["G3b"] == pytest.approx(log10(20 / 1.6) - log10(8))


def test_the_page_tells_figures_goals_machine_and_date(found):
    text = page(found, {"processor": "Abacus 3000"}, date(2026, 3, 2))
    lines = text.splitlines()
    told = {line.split(" | ")[0].removeprefix("| "): line for line in lines if "|" in line}
    assert told["M2"].endswith("| 0.1875 | ≤ 0.005 | **not met** |")
    assert told["P1"].endswith("| 0.90 | ≥ 0.7, aim 0.85 | met, aim too |")
    assert told["M5b"].endswith("| 1,234 | ≤ 3000 | met |")
    assert told["processor"] == "| processor | Abacus 3000 |"
    assert "Measured on 2026-03-02." in lines
    assert "| 200 x 20 | an arc for each pair | 1.0 | 100 | 0.500 | 0.5000 |" in lines
    assert "| 100 | 9 | 10 | 0 | 0.90 | 36.0 |" in lines
    assert "| 100 | 100 | 5 | 50 | 150 | 125 | 5 | 0.40 | 10.0 |" in lines
    assert (
        "Ten times the instalments in the same market: time grows by the power 1.00, that of COPY "
        "by 0.90. With ten times the market as well: 1.10, that of COPY 0.90."
    ) in lines
    assert details(found) in text
    assert FAIR_RATIO in found.sizes.ratios
