"""What has to hold: each metric with its goal, and whether a figure reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Goal:
    """A bound for a figure.

    Attributes:
        metric, beside: what is measured, and what it is compared with in the same run.
        least, most: the bound, one of both.
        aim: a stricter bound in the same direction, where there is one.
        digits: how many decimals tell the figure.
    """

    metric: str
    beside: str
    least: float | None = None
    most: float | None = None
    aim: float | None = None
    digits: int = 3

    @property
    def bound(self) -> str:
        """The bound as text."""
        sign, value = ("≥", self.least) if self.least is not None else ("≤", self.most)
        aim = "" if self.aim is None else f", aim {self.aim:g}"
        return f"{sign} {value:g}{aim}"

    def reached(self, figure: float) -> str:
        """Whether a figure meets the bound, and the aim."""
        if self.least is not None:
            is_met, has_aim = figure >= self.least, self.aim is None or figure >= self.aim
        else:
            assert self.most is not None
            is_met, has_aim = figure <= self.most, self.aim is None or figure <= self.aim
        if not is_met:
            return "**not met**"
        return "met" if self.aim is None else "met, aim too" if has_aim else "met, not the aim"


GOALS: Final = {
    "M1": Goal(
        "Euros in whole requests, 10k x 1k, cash per demand 0.5, 1 and 2, three seeds: mean",
        "largest flow",
        least=0.99,
        aim=0.995,
        digits=4,
    ),
    "M2": Goal(
        "Gini of fill rates at cash per demand 2, three seeds: mean excess",
        "fairest min-cost flow",
        most=0.005,
        digits=4,
    ),
    "M3a": Goal(
        "Jain's index over 20 rounds, cash 10x demand",
        "1 = all equal",
        least=0.95,
        aim=0.96,
        digits=4,
    ),
    "M3b": Goal(
        "Lenders never served in those rounds", "all who could", most=0.003, aim=0.002, digits=4
    ),
    "M4a": Goal("Solve time, 10k x 1k", "loop: first come, first served", most=0.2),
    "M4b": Goal("Solve time, 10k x 1k", "loop: pro rata", most=0.04),
    "M5a": Goal("Peak memory at 100k x 10k, MB", "nothing", most=600, digits=0),
    "M5b": Goal("Peak memory at 1M x 10k, MB", "nothing", most=3_000, digits=0),
    "M6": Goal("Peak memory at 50k x 5k", "largest flow with an arc for each pair", most=0.07),
    "G1": Goal(
        "Growth, lenders and requests x10: log10 of times, 10k x 1k to 100k x 10k",
        "1 = in proportion to lenders alone",
        most=1.25,
    ),
    "P1": Goal(
        "Writing a decided round, stakes per second",
        "binary COPY of the same rows",
        least=0.7,
        aim=0.85,
        digits=2,
    ),
    "P2": Goal(
        "Writing a decided round, stakes per second",
        "bulk_create and F() updates",
        least=15,
        aim=40,
        digits=1,
    ),
    "S1": Goal(
        "Sharing out a collection day, a hundred lenders each, shares per second",
        "binary COPY of the same rows",
        least=0.3,
        aim=0.75,
        digits=2,
    ),
    "S2": Goal(
        "Sharing out a collection day, shares per second",
        "row by row, a transaction for each instalment",
        least=20,
        digits=1,
    ),
    "G3a": Goal(
        "Growth of a collection day, instalments x10 in one market: log10 of times",
        "1 = in proportion",
        most=1.05,
        digits=2,
    ),
    "G3b": Goal(
        "Growth of a collection day, instalments and market x10: what it exceeds that of COPY by",
        "binary COPY of the same rows",
        most=0.05,
        digits=2,
    ),
}
