"""Everything that a run measures, and the figures that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log10
from statistics import fmean
from typing import Final

from bench.child import Alone
from bench.day_end import Days
from bench.matching import Fairness, Quality, Solved, Timed
from bench.over_time import Turns
from bench.round_commit import CommitFigures

Size = tuple[int, int]

FAIR_RATIO: Final = 2.0
ROUNDS: Final = 20
PLENTY: Final = 10.0


@dataclass(frozen=True)
class Sizes:
    """How much to measure: lenders x requests of the markets, stakes x lenders of the commits.

    `days` are the instalments of a small and of a large collection day.
    """

    usual: Size = (10_000, 1_000)
    small: Size = (1_000, 100)
    exact: Size = (50_000, 5_000)
    large: Size = (100_000, 10_000)
    huge: Size = (1_000_000, 10_000)
    over_time: Size = (10_000, 100)
    ratios: tuple[float, ...] = (0.5, 1.0, FAIR_RATIO)
    seeds: tuple[int, ...] = (1, 2, 3)
    commits: tuple[Size, ...] = ((50_000, 10_000), (250_000, 10_000))
    days: tuple[int, int] = (1_000, 10_000)
    repeats: int = 5


QUICK: Final = Sizes(
    usual=(1_000, 100),
    small=(300, 30),
    exact=(1_000, 100),
    large=(3_000, 300),
    huge=(10_000, 300),
    over_time=(1_000, 20),
    seeds=(1,),
    commits=((2_000, 500),),
    days=(10, 100),
    repeats=2,
)


@dataclass(frozen=True)
class Flowed:
    """A largest flow by OR-Tools; `seconds` with building the network."""

    seconds: float
    cents: int


@dataclass
class Found:
    """Everything that a run measured."""

    sizes: Sizes
    quality: list[Quality] = field(default_factory=list)
    fairness: list[Fairness] = field(default_factory=list)
    turns: dict[bool, Turns] = field(default_factory=dict)
    speeds: list[Timed] = field(default_factory=list)
    small_speeds: list[Timed] = field(default_factory=list)
    rounds: dict[Size, Alone[Solved]] = field(default_factory=dict)
    flows: dict[Size, Alone[Flowed]] = field(default_factory=dict)
    commits: list[CommitFigures] = field(default_factory=list)
    days: Days | None = None

    def figures(self) -> dict[str, float]:
        """The figure of each goal."""
        with_carry, rounds, sizes = self.turns[True], self.rounds, self.sizes
        engine, _, first_come, pro_rata = (row.seconds for row in self.speeds)
        grown = rounds[sizes.large].value.seconds / rounds[sizes.usual].value.seconds
        commit, days = self.commits[-1], self.days
        assert days, "the last to be measured"
        return {
            "M1": fmean(row.of_bound for row in self.quality),
            "M2": fmean(row.engine - row.flow for row in self.fairness),
            "M3a": with_carry.jain,
            "M3b": with_carry.never,
            "M4a": engine / first_come,
            "M4b": engine / pro_rata,
            "M5a": rounds[sizes.large].peak_mb,
            "M5b": rounds[sizes.huge].peak_mb,
            "M6": rounds[sizes.exact].peak_mb / self.flows[sizes.exact].peak_mb,
            "G1": log10(grown),
            "P1": commit.of_copy,
            "P2": commit.of_django,
            "S1": days.large.of_copy,
            "S2": days.small.of_row_by_row,
            "G3a": days.work_grown.ours,
            "G3b": days.market_grown.ours - days.market_grown.of_copy,
        }
