"""Any round can be solved again: from the tables, from files, on another machine."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core import clock
from lending.models import Offer
from matching.models import MatchRound, Receipt
from matching.services.replays import differences, replay
from matching.services.rounds import run_round
from tests.factories.mandates import mandate
from tests.matching.world import OLD, booked, on_market

ROOT = Path(__file__).resolve().parents[2]


def a_round() -> MatchRound:
    for cents in (500_00, 800_00, 900_00, 60_00):
        mandate(cash_cents=cents)
    on_market(1_500_00)
    on_market(1_000_00)
    return booked()


def said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_stored_round_comes_out_the_same() -> None:
    match = a_round()
    assert replay(match)
    assert match.output_sha256 in said("replay_round", str(match.pk))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (lambda m: Offer.objects.filter(round_id=m.pk).update(amount_cents=100_00), "changed"),
        (lambda m: Receipt.objects.filter(round=m).update(level=1), "changed"),
        (lambda m: Receipt.objects.filter(round=m).delete(), "changed"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(seed="5"), "committed"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(output_sha256="0"), "hash"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(market_sha256="0"), "another hash"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(fallen={"1": "x"}), "chain"),
    ],
)
def test_whatever_was_changed_in_the_tables_is_found(tamper, told: str) -> None:
    match = a_round()
    tamper(match)
    match = MatchRound.objects.get(pk=match.pk)

    assert any(told in line for line in differences(match))
    with pytest.raises(CommandError, match="differs"):
        said("replay_round", str(match.pk))


@pytest.mark.django_db
def test_a_round_that_is_not_decided_or_not_there_cannot_be_replayed(tmp_path: Path) -> None:
    run_round(at=OLD)
    waiting = MatchRound.objects.get()

    for name, *more in (("replay_round",), ("export_round", str(tmp_path))):
        with pytest.raises(CommandError, match="not been decided"):
            said(name, str(waiting.pk), *more)
        with pytest.raises(CommandError, match="There is no round 999999"):
            said(name, "999999", *more)


@pytest.mark.django_db
def test_an_exported_round_solved_from_its_files_is_the_same_round(tmp_path: Path) -> None:
    match = a_round()
    told = said("export_round", str(match.pk), str(tmp_path))
    assert f"--seed {match.seed}" in told
    out = tmp_path / "again.csv"

    program = [sys.executable, "manage.py", "match", "--market", str(tmp_path), "--out", str(out)]
    done = subprocess.run(
        [*program, "--seed", match.seed],
        cwd=ROOT,
        env={"PARI_ENV": "test", "PATH": "", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/no"},
        capture_output=True,
        text=True,
        check=True,
    )

    line = json.loads(done.stdout)
    assert line["output_sha256"] == match.output_sha256
    assert line["stakes"] == match.figures["stakes"] == Offer.objects.count()
    assert line["funded_cents"] == match.figures["funded_cents"]
    assert list(line) == [
        "lenders",
        "mandates",
        "requests",
        "pairs",
        "stakes",
        "funded_requests",
        "funded_cents",
        "solve_seconds",
        "load_seconds",
        "peak_mb",
        "output_sha256",
    ]
    assert out.read_bytes() == (tmp_path / "allocation.csv").read_bytes()


def test_match_names_the_spot_of_a_bad_cell(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"lenders\.csv: cannot be read"):
        said("match", "--market", str(tmp_path), "--out", str(tmp_path / "x.csv"))


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", "", "9" * 81])
def test_a_seed_is_a_whole_number_from_zero(tmp_path: Path, seed: str) -> None:
    with pytest.raises(CommandError, match="seed"):
        said("match", "--market", str(tmp_path), "--out", "x", "--seed", seed)


@pytest.mark.django_db
def test_a_round_is_run_by_hand() -> None:
    clock.set_business_date((OLD + timedelta(days=1)).date(), is_virtual=True)
    assert "Nothing to do" in said("run_round")
    mandate(cash_cents=500_00)
    mandate(cash_cents=700_00)
    on_market(1_000_00)

    told = said("run_round", "--seed", "7")

    match = MatchRound.objects.latest("pk")
    assert f"Round {match.pk}: 1 of 1 requests, 2 stakes" in told
    assert match.seed == "7" and replay(match)
