"""Measure the scorecard in use on loans whose end is known."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lending.domain.outcomes import Outcome, read_outcome_file
from lending.domain.scorecard import SCORECARD_FILE, Scorecard, load_scorecard
from lending.domain.scorecard_report import grade_counts, quality


class Command(BaseCommand):
    """Reads a file and prints; needs no database."""

    help = "Print how well the scorecard tells good from bad in FILE (.csv or .csv.gz)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the outcomes, and another scorecard than the one in use."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--scorecard", type=Path, default=SCORECARD_FILE)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one measure a line."""
        try:
            outcomes = read_outcome_file(options["file"]).outcomes
            card = load_scorecard(options["scorecard"].resolve())
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        if len({outcome.is_bad for outcome in outcomes}) < 2:
            raise CommandError("measuring needs good and bad outcomes")
        self.stdout.writelines(f"{line}\n" for line in report(card, outcomes))


def report(card: Scorecard, outcomes: list[Outcome]) -> Iterator[str]:
    """Yield the lines to print."""
    measured = quality(card, outcomes)
    yield f"scorecard: {card.version}{' (demo model)' if card.is_demo else ''}"
    yield f"rows: {measured.rows}"
    yield f"share of bad: {measured.bad_share:.4f}"
    yield f"AUC: {measured.auc:.4f}"
    yield f"Brier score: {measured.brier:.4f}"
    yield f"calibration slope: {measured.slope:.4f}"
    yield f"calibration intercept: {measured.intercept:.4f}"
    yield "share of bad per grade:"
    for grade, rows, bad in grade_counts(card, outcomes):
        share = f"{bad / rows:.4f}" if rows else "-"
        yield f"  {grade}: {share} ({bad} of {rows})"
