"""How long money may take to be placed: the same order begun at several times of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Final

from matching.engine.backtest import Order, PastRound, Trial, try_order

STARTS: Final = 4
"""Trials begin here and there in the first half of the history, so that each has time to end."""
THIN_DAYS: Final = 56
"""A shorter history is called thin."""


@dataclass(frozen=True)
class Forecast:
    """Days until an amount is fully placed, by trials begun at several days.

    Attributes:
        days: of each trial, the quickest first; None for those that were not done at the end.
        history_days: the time that all trials lie in.
    """

    amount_cents: int
    days: list[int | None]
    history_days: int

    @property
    def is_thin(self) -> bool:
        """Whether the history is too short to say much."""
        return self.history_days < THIN_DAYS

    @property
    def quickest(self) -> int | None:
        """Of the trial that was done first."""
        return self.days[0] if self.days else None

    @property
    def typical(self) -> int | None:
        """Half of the trials were done by then; None when fewer than half were done at all."""
        return self.days[(len(self.days) - 1) // 2] if self.days else None

    @property
    def slowest(self) -> int | None:
        """Of the trial that was done last; None when one was never done."""
        return self.days[-1] if self.days else None


def forecast(
    rounds: Sequence[PastRound], order: Order, cash_cents: int, *, first: Trial
) -> Forecast:
    """Repeat a trial from later starts; `first` is the one over all rounds.

    What was not done in all the time there is is not tried again with less, and no trial begins
    where less is left than the first one took: it would mostly tell where the history ends.
    """
    if not rounds:
        return Forecast(cash_cents, [], 0)
    begin, whole = rounds[0].on, (rounds[-1].on - rounds[0].on).days
    needed = _days(first, begin)
    taken = [needed]
    if needed is None:
        return Forecast(cash_cents, taken, whole)
    for number in range(1, STARTS):
        later = [one for one in rounds if (one.on - begin).days * 2 * STARTS >= whole * number]
        if later and later[0].on > begin and (later[-1].on - later[0].on).days >= needed:
            taken.append(_days(try_order(later, order, cash_cents, until_full=True), later[0].on))
    ordered = sorted(taken, key=lambda days: inf if days is None else days)
    return Forecast(cash_cents, ordered, whole)


def _days(trial: Trial, begin: date) -> int | None:
    return None if trial.full_on is None else (trial.full_on - begin).days
