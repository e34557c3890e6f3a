"""Reading loans whose end is known."""

import gzip
import hashlib
from pathlib import Path

import pytest

from lending.domain.characteristics import ApplicantFeatures
from lending.domain.outcomes import Outcome, read_outcome_file, read_outcomes

HEADER = (
    "Status,Seniority,Home,Time,Age,Marital,Records,Job,Expenses,Income,Assets,Debt,Amount,Price"
)
GOOD = "good,9,rent,60,30,married,no,freelance,73,129.0,0.0,NA,800,846"
BAD = "bad,NA,ignore,24,36,,yes,,90,,3000.0,0.0,2000,2985"


def test_rows_become_outcomes_without_age_and_family() -> None:
    assert read_outcomes([HEADER, GOOD, BAD]) == [
        Outcome(
            ApplicantFeatures(
                amount_cents=800_00,
                months=60,
                price_cents=846_00,
                income_cents=129_00,
                costs_cents=73_00,
                assets_cents=0,
                debt_cents=None,
                years_in_job=9,
                employment="freelance",
                home="rent",
                had_payment_trouble=False,
            ),
            is_bad=False,
        ),
        Outcome(
            ApplicantFeatures(
                amount_cents=2_000_00,
                months=24,
                price_cents=2_985_00,
                income_cents=None,
                costs_cents=90_00,
                assets_cents=3_000_00,
                debt_cents=0,
                years_in_job=None,
                employment=None,
                home=None,
                had_payment_trouble=True,
            ),
            is_bad=True,
        ),
    ]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["Status,Time", "good,12"], "no column 'Amount'"),
        ([HEADER, GOOD, BAD.replace("bad", "ugly")], "line 3: status 'ugly'"),
        ([HEADER, GOOD.replace(",60,", ",,")], "line 2"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(lines: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_outcomes(lines)


def test_packed_and_plain_files_are_the_same(tmp_path: Path) -> None:
    text = "\n".join([HEADER, GOOD, BAD]).encode()
    plain, packed = tmp_path / "plain.csv", tmp_path / "packed.csv.gz"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    assert read_outcome_file(plain) == read_outcome_file(packed)
    assert read_outcome_file(plain).sha256 == hashlib.sha256(text).hexdigest()
