"""Rounds under fire: doubled, raced, disturbed by hand, and killed at every step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from core import clock
from ledger.chart import Role
from ledger.selectors import balances_cents
from lending.models import Offer
from lending.services.mandates import pause_mandate
from lending.states import RequestStatus
from matching import tasks
from matching.errors import RoundUnderWay
from matching.models import LenderCarry, MatchRound
from matching.services import booking
from matching.services.locks import only_round
from matching.services.replays import replayed
from matching.services.rounds import run_round
from matching.states import RoundStatus
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.requests import bid
from tests.flows.money import assert_money
from tests.matching.disturbed import assert_whole, during_booking, small_world
from tests.matching.race import race
from tests.matching.world import OLD, booked, on_market, stakes_of
from tests.processes import environment_of_test

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(transaction=True)
def test_a_task_delivered_twice_runs_one_round() -> None:
    small_world()
    clock.set_business_date((OLD + timedelta(days=1)).date(), is_virtual=True)

    first = tasks.run_due_round()
    second = tasks.run_due_round()

    assert first is not None and second is None
    assert MatchRound.objects.exclude(status=RoundStatus.OPEN).count() == 1
    assert_whole()


@pytest.mark.django_db(transaction=True)
def test_a_round_booked_twice_is_booked_once() -> None:
    small_world()
    match = booked()
    before = Offer.objects.count()

    fallen = booking.book_stakes(round_id=match.pk, result=replayed(match), at=OLD)

    assert fallen == {}
    assert Offer.objects.count() == before
    assert_whole()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_two_workers_at_once_run_one_round(attempt: int) -> None:
    small_world()

    results = race(*(lambda: run_round(at=OLD) for _ in range(2)))

    done = [result for result in results if isinstance(result, MatchRound)]
    refused = [result for result in results if isinstance(result, RoundUnderWay)]
    assert len(done) + len(refused) + results.count(None) == 2
    assert len({match.pk for match in done}) == 1
    assert MatchRound.objects.filter(status=RoundStatus.BOOKED).count() == 1
    assert_whole()


@pytest.mark.django_db(transaction=True)
def test_a_round_asked_for_while_another_runs_is_run_afterwards() -> None:
    small_world()
    clock.set_business_date((OLD + timedelta(days=1)).date(), is_virtual=True)

    def ask() -> object:
        return tasks.run_due_round()

    with only_round():
        (told,) = race(ask)

    assert told is None
    assert not Offer.objects.exists()
    assert rounds_due()


def rounds_due() -> bool:
    """Whether a round is due a minute from now, and one is run then."""
    soon = timezone.now() + timedelta(minutes=1)
    return tasks.claim_due_round(now=soon)


@pytest.mark.django_db(transaction=True)
def test_a_bid_by_hand_between_snapshot_and_booking_sends_the_request_back_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, (request,) = small_world(requests=1)
    rival = people.lender(cash_cents=200_00)
    during_booking(monkeypatch, lambda: bid(rival, request, 200_00, at=OLD))

    match = booked()

    assert match.fallen == {str(request.pk): "request_full"}
    assert stakes_of(request) == []
    assert_whole()
    monkeypatch.undo()
    booked(at=OLD + timedelta(minutes=1))
    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    assert sum(stakes_of(request)) == 800_00
    assert_whole()


@pytest.mark.django_db(transaction=True)
def test_a_lender_who_spends_the_money_meanwhile_costs_only_the_requests_it_was_meant_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spender = mandate(cash_cents=500_00, grades=["A"])
    others = [mandate(cash_cents=500_00) for _ in range(4)]
    meant, other = on_market(grade="A"), on_market(grade="C")
    elsewhere = on_market(grade="H", at=OLD)
    during_booking(monkeypatch, lambda: bid(spender.lender, elsewhere, 500_00, at=OLD))

    match = booked()

    assert match.fallen == {str(meant.pk): "insufficient_funds"}
    assert sum(stakes_of(other)) == 1_000_00
    for given in (spender, *others):
        money = balances_cents([Role.CASH, Role.RESERVED], given.lender_id)
        assert min(money.values()) >= 0 and sum(money.values()) == 500_00
    assert_whole()


@pytest.mark.django_db(transaction=True)
def test_what_fell_back_is_owed_as_if_it_had_never_been_dealt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, (request,) = small_world(lenders=3, requests=1)
    rival = people.lender(cash_cents=1_000_00)
    during_booking(monkeypatch, lambda: bid(rival, request, 1_000_00, at=OLD))

    booked()

    owed = LenderCarry.objects.filter(lender__in=[one.lender for one in given])
    assert all(cents > 0 for cents in owed.values_list("owed_cents", flat=True))
    assert_whole()


@pytest.mark.django_db(transaction=True)
def test_a_mandate_paused_meanwhile_lends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given, (request,) = small_world(lenders=2, requests=1)
    paused = given[0]
    during_booking(
        monkeypatch,
        lambda: pause_mandate(lender=paused.lender, mandate_id=paused.pk, at=OLD),
    )

    match = booked()

    assert match.fallen == {str(request.pk): "mandate_not_active"}
    assert_whole()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_bids_and_rounds_at_once_keep_every_cent(attempt: int) -> None:
    given, requests = small_world()
    rivals = [one.lender for one in given]

    results = race(
        lambda: run_round(at=OLD),
        lambda: run_round(at=OLD),
        *(lambda who=who: bid(who, requests[0], 300_00, at=OLD) for who in rivals[:3]),
    )

    unexpected = [
        result
        for result in results
        if isinstance(result, Exception) and not hasattr(result, "code")
    ]
    assert unexpected == []
    for lender in rivals:
        assert sum(balances_cents([Role.CASH, Role.RESERVED], lender.pk).values()) == 500_00
    assert_whole()


KILLED = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from matching.services import booking, rounds

def dies(module, name, *, after=0, done=False):
    real, calls = getattr(module, name), []
    def act(*given, **named):
        calls.append(1)
        if len(calls) <= after:
            return real(*given, **named)
        if done:
            real(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(module, name, act)

booking.shards.__defaults__ = (1,)
POINTS = {
    "before the market is read": lambda: dies(rounds, "market_now"),
    "after the market is read": lambda: dies(rounds, "market_now", done=True),
    "before it is decided": lambda: dies(rounds, "solve"),
    "after it is decided": lambda: dies(rounds, "solve", done=True),
    "before the first shard": lambda: dies(booking, "_book_shard"),
    "inside the first shard": lambda: dies(booking, "place_round_offers", done=True),
    "after the first shard": lambda: dies(booking, "_book_shard", done=True),
    "inside the second shard": lambda: dies(booking, "place_round_offers", after=1, done=True),
    "before the carry": lambda: dies(rounds, "carry_over"),
    "after the carry": lambda: dies(rounds, "carry_over", done=True),
    "after the chain": lambda: dies(rounds, "chain_of", done=True),
}
for line in sys.stdin:  # each point in a process of its own, without starting from nothing
    point, at = line.rstrip().split("|")
    worker = os.fork()
    if not worker:
        POINTS[point]()
        rounds.run_round(at=datetime.fromisoformat(at))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]), flush=True)
"""
POINTS = [line.split('"')[1] for line in KILLED.splitlines() if line.startswith('    "')]


@pytest.fixture(scope="module")
def nursery(django_db_setup: None) -> Iterator[subprocess.Popen[str]]:
    """A process that starts workers which die at the point that they are told."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        env={**os.environ, **environment_of_test()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def kill_worker(nursery: subprocess.Popen[str], point: str) -> int:
    """Start a round that dies at `point`; the exit code of its process."""
    assert nursery.stdin is not None and nursery.stdout is not None
    nursery.stdin.write(f"{point}|{OLD.isoformat()}\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_leaves_a_round_that_the_next_one_finishes(
    point: str, nursery: subprocess.Popen[str]
) -> None:
    _, requests = small_world()
    assert kill_worker(nursery, point) == -signal.SIGKILL
    assert_money("ledger", "lending")

    match = finished(within_seconds=20)

    assert match.status == RoundStatus.BOOKED
    assert match.fallen == {}
    placed = sum(sum(stakes_of(request)) for request in requests)
    assert placed == match.figures["funded_cents"] == 3_000_00
    assert MatchRound.objects.count() == 1
    assert_whole()
    assert run_round(at=OLD) is None


def finished(*, within_seconds: float) -> MatchRound:
    """Finish the round as soon as the server has seen that the killed worker is gone."""
    until = time.monotonic() + within_seconds
    while True:
        try:
            match = run_round(at=OLD)
            assert match is not None
            return match
        except RoundUnderWay:
            assert time.monotonic() < until
            time.sleep(0.05)
