"""Fit the demo scorecard and write its readable table."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from lending.domain.outcomes import read_outcome_file
from lending.domain.scorecard import SCORECARD_FILE, scorecard_from
from lending.domain.scorecard_fit import fit_scorecard
from lending.domain.scorecard_report import Quality, cross_validated_quality, held_out_quality

SEED: Final = 1
FOLDS: Final = 10
REPEATS: Final = 5
NOTE: Final = (
    "Demo model: fitted on public loans of another country and decade, to show and to test "
    "with, never to price real loans. How it was made: docs/decisions/0003-demo-scorecard.md"
)


class Command(BaseCommand):
    """Reads and writes files; needs no database. The same file gives the same table."""

    help = "Fit the scorecard on FILE (.csv or .csv.gz), print how it holds up, write its table."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the outcomes, the place of the table and its name."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--output", type=Path, default=SCORECARD_FILE)
        parser.add_argument("--label", default="demo-1", help="version, stored with each score")

    def handle(self, *args: Any, **options: Any) -> None:
        """Validate on rows not fitted on, then fit on all rows and write the table."""
        try:
            outcomes, sha256 = read_outcome_file(options["file"])
            fitted = fit_scorecard(outcomes)
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        held_out = held_out_quality(outcomes)
        repeated = cross_validated_quality(outcomes, folds=FOLDS, repeats=REPEATS, seed=SEED)
        bad_share = sum(outcome.is_bad for outcome in outcomes) / len(outcomes)
        table = {
            "version": options["label"],
            "is_demo": True,
            "note": NOTE,
            "data": {
                "file": options["file"].name,
                "sha256": sha256,
                "rows": len(outcomes),
                "bad_share": round(bad_share, 6),
            },
            "validation": {
                "held_out": _rounded(held_out),
                f"{REPEATS} x {FOLDS}-fold cross-validation": _rounded(repeated),
            },
            **fitted,
        }
        scorecard_from(table)
        options["output"].write_text(readable(table), encoding="utf-8")
        for name, measured in table["validation"].items():
            self.stdout.write(f"{name}: {json.dumps(measured)}")
        self.stdout.write(f"wrote {options['output']}")


def readable(table: dict[str, Any]) -> str:
    """Write the table as JSON with one bin a line."""
    lines, last = ["{"], len(table) - 1
    for index, (key, value) in enumerate(table.items()):
        text = _questions(value) if key == "characteristics" else json.dumps(value)
        lines.append(f"  {json.dumps(key)}: {text}{',' if index < last else ''}")
    return "\n".join([*lines, "}", ""])


def _questions(questions: list[dict[str, Any]]) -> str:
    written = []
    for question in questions:
        bins = ",\n".join(f"        {json.dumps(part)}" for part in question["bins"])
        name, weight = json.dumps(question["name"]), json.dumps(question["weight"])
        unknown = json.dumps(question["unknown"])
        written.append(
            f'    {{\n      "name": {name}, "weight": {weight},\n'
            f'      "unknown": {unknown},\n      "bins": [\n{bins}\n      ]\n    }}'
        )
    return "[\n" + ",\n".join(written) + "\n  ]"


def _rounded(measured: Quality) -> dict[str, float]:
    return {name: round(value, 4) for name, value in measured._asdict().items()}
