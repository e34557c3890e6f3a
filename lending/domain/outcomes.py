"""Loans whose end is known, read from the columns of the public `credit_data` set.

Its money counts in thousands of pesetas. Only ratios are formed of it, so a thousand
pesetas are taken for a euro. Age and family status stand in the file and are not read.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from lending.domain.characteristics import ApplicantFeatures

_MISSING: Final = frozenset({"", "NA"})
_GZIP_START: Final = b"\x1f\x8b"
_HOMES: Final = frozenset({"owner", "priv", "rent", "parents", "other"})


class Outcome(NamedTuple):
    """One loan: what was known when it was asked for, and whether it went bad."""

    features: ApplicantFeatures
    is_bad: bool


class OutcomeFile(NamedTuple):
    """The outcomes of a file, and the hash of its text by which a scorecard names it."""

    outcomes: list[Outcome]
    sha256: str


def read_outcome_file(path: Path) -> OutcomeFile:
    """Read a CSV file, packed by gzip or plain. Raises ValueError as `read_outcomes`."""
    raw = path.read_bytes()
    if raw.startswith(_GZIP_START):
        raw = gzip.decompress(raw)
    lines = raw.decode("utf-8").splitlines()
    return OutcomeFile(read_outcomes(lines), hashlib.sha256(raw).hexdigest())


def read_outcomes(lines: Iterable[str]) -> list[Outcome]:
    """Read outcomes from the lines of a CSV file with a header.

    Raises:
        ValueError: a column is missing, or a cell that must be known is not.
    """
    reader = csv.DictReader(lines)
    return [_outcome(row, number) for number, row in enumerate(reader, start=2)]


def _outcome(row: dict[str, str], line: int) -> Outcome:
    try:
        if row["Status"] not in ("good", "bad"):
            raise ValueError(f"status {row['Status']!r}")
        features = ApplicantFeatures(
            amount_cents=_known_cents(row["Amount"]),
            months=int(row["Time"]),
            price_cents=_cents(row["Price"]),
            income_cents=_cents(row["Income"]),
            costs_cents=_cents(row["Expenses"]),
            assets_cents=_cents(row["Assets"]),
            debt_cents=_cents(row["Debt"]),
            years_in_job=None if row["Seniority"] in _MISSING else int(row["Seniority"]),
            employment=None if row["Job"] in _MISSING else row["Job"],
            home=row["Home"] if row["Home"] in _HOMES else None,
            had_payment_trouble={"yes": True, "no": False}.get(row["Records"]),
        )
    except KeyError as missing:
        raise ValueError(f"the file has no column {missing}") from missing
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from error
    return Outcome(features, row["Status"] == "bad")


def _known_cents(text: str) -> int:
    return round(float(text) * 100)


def _cents(text: str) -> int | None:
    return None if text in _MISSING else _known_cents(text)
