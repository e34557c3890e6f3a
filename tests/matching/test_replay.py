"""Any round can be solved again: from the tables, from files, on another machine."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import clock
from lending.models import Offer
from matching.engine.rules import (
    BEFORE_AUCTIONS,
    FEWER_ITERATIONS,
    HEEDING_OUTSIDERS,
    RULE_VERSION,
)
from matching.models import MatchRound, Receipt
from matching.services.replays import REPLAYABLE, differences, replay
from matching.services.rounds import run_round
from matching.states import RoundStatus
from tests.factories.mandates import mandate
from tests.matching.crowd import several_rounds
from tests.matching.world import OLD, booked, on_market
from tests.processes import environment_of_test

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
        (lambda m: Receipt.objects.filter(round=m).delete(), "has lost its receipt"),
        (lambda m: Offer.objects.filter(round_id=m.pk).update(round_id=None), "is missing"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(seed="5"), "committed"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(snapshot=b"x"), "decided again"),
        (lambda m: MatchRound.objects.filter(pk=m.pk).update(rule_version="?"), "decided again"),
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
def test_a_price_that_is_not_the_one_that_was_found_is_named() -> None:
    mandate(cash_cents=1_000_00, max_per_loan_cents=1_000_00, min_rate=Decimal("0.065"))
    own = on_market(1_000_00, price_rule="auction", floor_rate=Decimal("0.06"))
    match = booked()
    assert list(differences(match)) == []

    type(own).objects.filter(pk=own.pk).update(annual_rate=Decimal("0.066"))

    told = f"the price of request {own.pk} is 0.06600, decided was 0.065"
    assert list(differences(match)) == [told]


@pytest.mark.django_db
def test_all_rounds_are_replayed_with_one_line() -> None:
    assert said("replay_round", "--all").startswith("0 rounds with 0 stakes")
    made = several_rounds()

    told = said("replay_round", "--all")

    decided, stakes = MatchRound.objects.exclude(status=RoundStatus.OPEN), Receipt.objects.count()
    assert told == (
        f"{decided.count()} rounds with {stakes} stakes come out the same. "
        f"{decided.latest('pk').chain_sha256}\n"
    )
    assert stakes >= 2 * len(made)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "UPDATE lending_offer SET amount_cents = amount_cents + 2500 WHERE id = %s",
            "was changed: amount_cents is {more}, decided was {cents}",
        ),
        (
            "UPDATE matching_receipt SET level = level + 1 WHERE offer_id = %s",
            "was changed: level is {higher}, decided was {level}",
        ),
        ("DELETE FROM matching_receipt WHERE offer_id = %s", "has lost its receipt"),
    ],
)
def test_one_cell_changed_behind_the_back_of_the_house_is_named(sql: str, told: str) -> None:
    match = several_rounds()[1]
    receipt = Receipt.objects.filter(round=match).order_by("offer_id").last()
    assert receipt is not None
    offer = receipt.offer
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
        cursor.execute(sql, [offer.pk])
        assert cursor.rowcount == 1
        cursor.execute("SET LOCAL session_replication_role = origin")

    err = StringIO()
    with pytest.raises(CommandError, match="1 rounds differ in 1 places"):
        call_command("replay_round", "--all", stdout=err, stderr=err)

    stake = f"mandate {offer.mandate_id}, lender {offer.lender_id}, in request {offer.request_id}"
    what = told.format(
        cents=offer.amount_cents,
        more=offer.amount_cents + 2500,
        level=receipt.level,
        higher=receipt.level + 1,
    )
    assert err.getvalue() == f"Round {match.pk}: the stake of {stake} {what}\n"


SHUFFLED = """
import django
django.setup()
from numpy.random import default_rng
from matching.engine.solve import solve
from matching.models import MatchRound
from matching.services.replays import REPLAYABLE
from matching.services.rounds import market_of
from tests.matching.markets import shuffled
for match in MatchRound.objects.filter(status__in=REPLAYABLE).order_by("pk"):
    for seed in range(3):
        market = shuffled(market_of(match), default_rng(seed))
        print(solve(market, int(match.seed)).sha256)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_other_processes_with_other_hash_seeds_and_shuffled_rows_replay_every_round(
    hash_seed: str,
) -> None:
    several_rounds()
    elsewhere = {**os.environ, **environment_of_test(), "PYTHONHASHSEED": hash_seed}

    def printed(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=elsewhere,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert printed("manage.py", "replay_round", "--all") == said("replay_round", "--all")
    decided = MatchRound.objects.filter(status__in=REPLAYABLE).order_by("pk")
    names = [name for name in decided.values_list("output_sha256", flat=True) for _ in range(3)]
    assert printed("-c", SHUFFLED).split() == names


@pytest.mark.django_db
@pytest.mark.parametrize("version", [HEEDING_OUTSIDERS, FEWER_ITERATIONS, BEFORE_AUCTIONS])
def test_a_round_of_earlier_rules_is_replayed_by_them(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.services.rounds.RULE_VERSION", version)
    match = a_round()

    assert match.rule_version == version
    assert list(differences(match)) == []

    MatchRound.objects.filter(pk=match.pk).update(rule_version=RULE_VERSION)
    match.refresh_from_db()
    assert any("the outcome has the hash" in line for line in differences(match))


@pytest.mark.django_db
def test_a_round_that_is_not_decided_or_not_there_cannot_be_replayed(tmp_path: Path) -> None:
    run_round(at=OLD)
    waiting = MatchRound.objects.get()

    for name, *more in (("replay_round",), ("export_round", str(tmp_path))):
        with pytest.raises(CommandError, match="not been decided"):
            said(name, str(waiting.pk), *more)
        with pytest.raises(CommandError, match="There is no round 999999"):
            said(name, "999999", *more)


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
