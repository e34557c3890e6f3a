"""A booked round leaves as files and is decided again where no database is: the same stakes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from lending.choices import PriceRule
from lending.models import Offer
from matching.models import MatchRound
from matching.services import rounds
from tests.matching.crowd import Crowd, several_rounds
from tests.matching.world import OLD

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = {
    "PARI_ENV": "test",
    "PATH": "",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "SANDBOX_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
"""An environment in which neither a database nor a broker answers."""


def exported(match: MatchRound, folder: Path) -> None:
    told = StringIO()
    call_command("export_round", str(match.pk), str(folder), stdout=told)
    assert f"--seed {match.seed}" in told.getvalue()


def matched(folder: Path, match: MatchRound) -> tuple[dict[str, object], list[tuple[str, ...]]]:
    """The line that `match` prints in a process of its own, and the rows that it writes."""
    out, prices = folder / "again.csv", folder / "found.csv"
    program = [sys.executable, "manage.py", "match", "--market", str(folder), "--out", str(out)]
    program += ["--prices", str(prices)]
    done = subprocess.run(
        [*program, "--seed", match.seed],
        cwd=ROOT,
        env=NOWHERE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == (folder / "allocation.csv").read_bytes()
    assert prices.read_bytes() == (folder / "prices.csv").read_bytes()
    with out.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["mandate_id", "request_id", "amount_cents", "level", "reason"]
    return json.loads(done.stdout), [tuple(row) for row in rows]


def found_prices(folder: Path) -> dict[int, Decimal]:
    """What `match` says that auctions came to, as rates a year."""
    with (folder / "found.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["request_id", "rate_bps"]
    return {int(request): Decimal(rate) / 10_000 for request, rate in rows}


def stored_prices(match: MatchRound) -> dict[int, Decimal]:
    """The rates of the auctions that the round filled."""
    offers = Offer.objects.filter(round_id=match.pk).exclude(request__price_rule=PriceRule.FIXED)
    return dict(offers.values_list("request_id", "request__annual_rate"))


def in_tables(match: MatchRound) -> list[tuple[str, ...]]:
    """The stakes of a round as offers and receipts tell them, in the order of the file."""
    columns = ("mandate_id", "request_id", "amount_cents", "receipt__level", "receipt__reason")
    offers = Offer.objects.filter(round_id=match.pk).order_by("request_id", "mandate_id")
    return [tuple(map(str, row)) for row in offers.values_list(*columns)]


@pytest.mark.django_db
def test_rounds_decided_again_from_files_give_the_stakes_of_the_database(tmp_path: Path) -> None:
    auctions = 0
    for match in several_rounds(1):
        folder = tmp_path / str(match.pk)
        exported(match, folder)

        line, rows = matched(folder, match)

        assert rows == in_tables(match)
        assert rows
        assert found_prices(folder) == stored_prices(match)
        assert line["auctions"] == len(found_prices(folder))
        auctions += len(found_prices(folder))
        assert line["output_sha256"] == match.output_sha256
        for name in ("lenders", "mandates", "requests", "stakes", "funded_cents"):
            assert line[name] == match.figures[name]
    assert auctions > 1


@pytest.mark.django_db
def test_what_fell_back_at_the_booking_is_all_that_the_files_have_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, book = Crowd(3), rounds.book_stakes

    def disturbed(**given: object) -> dict[int, str]:
        crowd.acts(6, at=OLD)
        return book(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds, "book_stakes", disturbed)
    crowd.list_requests(most=12)
    match = rounds.run_round(at=OLD)
    assert match is not None and match.fallen
    exported(match, tmp_path)

    line, rows = matched(tmp_path, match)

    assert [row for row in rows if row[1] not in match.fallen] == in_tables(match)
    assert {row[1] for row in rows} >= match.fallen.keys()
    assert line["output_sha256"] == match.output_sha256


@pytest.mark.django_db
def test_match_tells_its_figures_in_one_line_of_json(tmp_path: Path) -> None:
    match = several_rounds()[0]
    exported(match, tmp_path)
    line, _ = matched(tmp_path, match)
    assert list(line) == [
        "lenders",
        "mandates",
        "requests",
        "pairs",
        "stakes",
        "funded_requests",
        "funded_cents",
        "auctions",
        "solve_seconds",
        "load_seconds",
        "peak_mb",
        "output_sha256",
    ]
