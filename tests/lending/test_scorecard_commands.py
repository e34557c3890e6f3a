"""The commands around the scorecard: they read files, print, and need no database."""

import gzip
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from lending.domain.scorecard import SCORECARD_FILE, load_scorecard

FILE = Path(__file__).parents[2] / "demo" / "data" / "credit_outcomes.csv.gz"


def run(command: str, *arguments: object) -> str:
    out = StringIO()
    call_command(command, *(str(argument) for argument in arguments), stdout=out)
    return out.getvalue()


def figure(printed: str, name: str) -> float:
    found = re.search(rf"^{name}: (-?[0-9.]+)$", printed, re.MULTILINE)
    assert found, printed
    return float(found[1])


def test_evaluation_prints_every_measure() -> None:
    printed = run("evaluate_scorecard", FILE)
    assert figure(printed, "rows") == 3340
    assert figure(printed, "AUC") == pytest.approx(0.85, abs=0.01)
    assert figure(printed, "Brier score") < 0.14
    assert figure(printed, "calibration slope") == pytest.approx(1, abs=0.1)
    assert figure(printed, "calibration intercept") == pytest.approx(0, abs=0.1)
    grades = re.findall(r"^  ([A-H]|none): 0\.\d{4} \(\d+ of \d+\)$", printed, re.MULTILINE)
    assert grades == [*"ABCDEFGH", "none"]
    assert "demo model" in printed


def test_a_few_rows_leave_grades_and_calibration_empty(tmp_path: Path) -> None:
    with gzip.open(FILE, "rt") as packed:
        lines = packed.read().splitlines()[:4]
    few = tmp_path / "few.csv"
    few.write_text("\n".join(lines))
    printed = run("evaluate_scorecard", few)
    assert figure(printed, "rows") == 3
    assert "calibration slope: nan\n" in printed
    assert "  H: - (0 of 0)\n" in printed


def test_training_repeats_itself_and_writes_what_evaluation_reads(tmp_path: Path) -> None:
    table = tmp_path / "card.json"
    printed = run("train_scorecard", FILE, "--output", table)
    assert "held_out" in printed
    assert "cross-validation" in printed
    assert table.read_text() == SCORECARD_FILE.read_text()
    assert run("evaluate_scorecard", FILE, "--scorecard", table) == run("evaluate_scorecard", FILE)


def test_a_label_names_the_version(tmp_path: Path) -> None:
    table = tmp_path / "card.json"
    run("train_scorecard", FILE, "--output", table, "--label", "demo-2")
    assert load_scorecard(table).version == "demo-2"


@pytest.mark.parametrize("command", ["evaluate_scorecard", "train_scorecard"])
def test_files_that_do_not_fit_are_refused(command: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(command, tmp_path / "nothing.csv")
    broken = tmp_path / "broken.csv"
    broken.write_text("Status,Time\ngood,12\n")
    with pytest.raises(CommandError, match="no column"):
        run(command, broken)


def test_good_loans_alone_measure_nothing(tmp_path: Path) -> None:
    with gzip.open(FILE, "rt") as packed:
        header, *rows = packed.read().splitlines()
    good = tmp_path / "good.csv"
    good.write_text("\n".join([header, *(row for row in rows if row.startswith("good"))]))
    for command in ("evaluate_scorecard", "train_scorecard"):
        with pytest.raises(CommandError, match="good and bad"):
            run(command, good)
