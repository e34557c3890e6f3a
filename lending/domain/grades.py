"""Risk grades A to H: one scale of default probabilities for scores, prices and statistics."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple


class GradeBand(NamedTuple):
    """Highest probability of default within a year, and the one the grade is priced at."""

    highest_pd: Decimal
    typical_pd: Decimal


GRADE_BANDS: Final[Mapping[str, GradeBand]] = {
    "A": GradeBand(Decimal("0.02"), Decimal("0.013")),
    "B": GradeBand(Decimal("0.035"), Decimal("0.029")),
    "C": GradeBand(Decimal("0.045"), Decimal("0.040")),
    "D": GradeBand(Decimal("0.057"), Decimal("0.050")),
    "E": GradeBand(Decimal("0.073"), Decimal("0.063")),
    "F": GradeBand(Decimal("0.10"), Decimal("0.082")),
    "G": GradeBand(Decimal("0.15"), Decimal("0.119")),
    "H": GradeBand(Decimal("0.20"), Decimal("0.170")),
}
"""Typical probabilities as smava published them for its grades; see docs/figures.md."""

GRADES: Final = tuple(GRADE_BANDS)


def grade_of(pd: Decimal) -> str | None:
    """Return the grade of a probability of default within a year; None when worse than H."""
    return next((grade for grade, band in GRADE_BANDS.items() if pd <= band.highest_pd), None)
