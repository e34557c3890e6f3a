"""Which Python the virtual environment is made with, among stand-ins that only say how quick."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "virtual-environment"
STAND_IN = """#!/bin/sh
case "$1" in
  -c) exit {is_old:d} ;;
  -) cat >/dev/null; [ -n "{told}" ] && echo "{told}" ;;
  -m) [ "$2" = pip ] || {{ mkdir -p "$3" && echo "{name}" > "$3/made_by"; }} ;;
  --version) echo "Python of {name}" ;;
esac
"""


def stand_in(folder: Path, name: str, told: str = "", *, is_old: bool = False) -> str:
    """A program that answers as a Python would; without a word it lacks the module venv."""
    file = folder / name
    file.write_text(STAND_IN.format(name=name, told=told, is_old=is_old))
    file.chmod(0o755)
    return str(file)


def made_by(folder: Path, *pythons: str) -> str:
    """Make an environment; the name of the Python that was taken, or what was said against it."""
    ran = subprocess.run(
        ["sh", SCRIPT, folder / "venv"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": " ".join(pythons)},
        capture_output=True,
        text=True,
        check=False,
    )
    made = folder / "venv" / "made_by"
    return made.read_text().strip() if ran.returncode == 0 else ran.stderr.strip()


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ({"slow": "3.11 60", "quick": "3.11 40"}, "quick"),
        ({"quick": "3.11 40", "slow": "3.11 60"}, "quick"),
        ({"first": "3.11 60", "newer": "3.12 40"}, "first"),
        ({"bare": "", "whole": "3.11 60"}, "whole"),
    ],
    ids=["quick one last", "quick one first", "first version", "without venv"],
)
def test_the_quickest_of_the_first_version_is_taken(tmp_path, told, taken):
    assert made_by(tmp_path, *(stand_in(tmp_path, *pair) for pair in told.items())) == taken


def test_what_is_missing_is_named(tmp_path):
    old = stand_in(tmp_path, "old", "3.9 10", is_old=True)
    assert "Python 3.11 or newer is needed" in made_by(tmp_path, old)
    assert "venv module is missing" in made_by(tmp_path, old, stand_in(tmp_path, "bare"))


def test_a_good_environment_is_kept(tmp_path):
    good = tmp_path / "venv" / "bin"
    good.mkdir(parents=True)
    stand_in(good, "python")
    (tmp_path / "venv" / "made_by").write_text("an earlier one")
    assert made_by(tmp_path, stand_in(tmp_path, "quick", "3.11 40")) == "an earlier one"
