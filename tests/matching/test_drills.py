"""Drills with real workers and the real broker: killed, emptied, doubled; the money is whole."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from accounts.models import User
from config.celery import app
from core import clock
from core.jobs import enqueue
from lending.models import LoanRequest, Offer
from lending.states import OfferSource, RequestStatus
from matching.models import MatchRound, Pulse, Receipt
from matching.services.replays import differences
from matching.states import UNFINISHED, RoundStatus
from tests.factories import people
from tests.factories.mandates import mandate
from tests.flows.money import assert_money
from tests.matching.crew import Crew, beat, broker, deliver_again, forget_tasks, resumed, taken
from tests.matching.crowd import Crowd
from tests.matching.proofs import assert_entries, assert_gave_way_whole, assert_ledger
from tests.matching.world import OLD, on_market
from tests.seeds import seeds, tried

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _day() -> None:
    clock.set_business_date((OLD + timedelta(days=1)).date(), is_virtual=True)


def assert_whole() -> None:
    """No stake twice, no cash below zero, every request whole, every round as it was decided."""
    assert_ledger()
    assert_money("ledger", "lending")
    by_mandates = Offer.objects.filter(source=OfferSource.MANDATE)
    pairs = Counter(by_mandates.values_list("request_id", "lender_id", "round_id"))
    assert set(pairs.values()) <= {1}
    assert Receipt.objects.count() == by_mandates.count()
    for match in MatchRound.objects.filter(status=RoundStatus.BOOKED):
        assert list(differences(match)) == []
        assert_entries(match)
        assert_gave_way_whole(match)
    for request in LoanRequest.objects.all():
        offers = request.offers.filter(status="open").values_list("amount_cents", flat=True)
        assert request.funded_cents == sum(offers) <= request.amount_cents


def is_filled() -> bool:
    """Whether nothing is left on the market and no round is half done."""
    is_open = LoanRequest.objects.filter(status=RequestStatus.LISTED).exists()
    has_begun = MatchRound.objects.filter(status__in=UNFINISHED).exclude(status=RoundStatus.OPEN)
    return not is_open and not has_begun.exists()


def stock_up(lenders: list[User], *, requests: int) -> None:
    """Bring requests over EUR 1,000 to the market and more money than they need."""
    for lender in lenders:
        people.give_cash(lender, 1_000_00)
    for _ in range(requests):
        on_market(1_000_00)


def some_lenders(count: int) -> list[User]:
    """Lenders whose mandates take everything up to EUR 500."""
    return [mandate(cash_cents=100_00).lender for _ in range(count)]


def test_workers_killed_at_random_instants_lose_nothing_and_double_nothing() -> None:
    lenders = some_lenders(10)
    with Crew() as crew:
        crew.hire("worker-0")
        for number, seed in enumerate(tried(seeds(few=6, many=60))):
            stock_up(lenders, requests=6)
            app.send_task("matching.run_round")
            time.sleep(Random(seed).uniform(0, 0.2))
            crew.kill(f"worker-{number}")
            assert_ledger()
            assert_money("ledger", "lending")

            crew.hire(f"worker-{number + 1}")
            resumed(is_filled)

            assert_whole()
            per_request = Offer.objects.values_list("request_id", "round_id").distinct()
            assert set(Counter(request for request, _ in per_request).values()) == {1}


def test_a_broker_that_forgets_everything_delays_a_round_and_loses_none() -> None:
    """Its own number alone is emptied: the others belong to tests beside this one."""
    with Crew() as crew:
        for number, seed in enumerate(tried(seeds(few=2, many=20))):
            crew.hire(f"worker-{number}")
            stock_up(some_lenders(4), requests=2)
            enqueue("matching.round_requested")
            time.sleep(Random(seed).uniform(0, 0.5))
            broker().flushdb()
            resumed(is_filled)
            assert_whole()

            stock_up(some_lenders(4), requests=2)
            enqueue("matching.round_requested")
            until = time.monotonic() + 20
            while not Pulse.objects.filter(due_at__isnull=False).exists():
                assert time.monotonic() < until, "the worker has not heard of it"
                time.sleep(0.01)
            crew.kill(f"worker-{number}")  # what it held in memory is gone as well
            broker().flushdb()
            assert not is_filled()
            crew.hire(f"another-{number}")
            until = time.monotonic() + 20
            while not is_filled():  # what is due is due, by the row alone and without a quiet hour
                assert time.monotonic() < until, "nobody took it up again"
                Pulse.objects.update(tried_at=timezone.now())
                app.send_task("matching.run_due_round")
                time.sleep(0.2)
            assert_whole()
            crew.kill(f"another-{number}")


def test_two_workers_that_are_given_the_same_round_run_it_once() -> None:
    with Crew() as crew:
        crew.hire("one")
        crew.hire("two")
        for seed in tried(seeds(few=2, many=20)):
            crowd = Crowd(seed, lenders=8)
            for _ in range(3):
                crowd.list_requests(most=8)
                crowd.pay_in()
                before = taken("one") + taken("two")
                for _ in range(6):
                    app.send_task("matching.run_round")
                crowd.acts(6, at=clock.now())
                until = time.monotonic() + 30
                while taken("one") + taken("two") < before + 6:
                    assert time.monotonic() < until, "some were not taken"
                    time.sleep(0.05)
        assert taken("one") and taken("two")
        resumed(lambda: not in_flight())
    assert_whole()
    assert MatchRound.objects.filter(status=RoundStatus.BOOKED).exists()


def in_flight() -> bool:
    """Whether a round has begun and not ended."""
    begun = MatchRound.objects.filter(status__in=(RoundStatus.TAKEN, RoundStatus.SOLVED))
    return begun.exists()


@pytest.mark.parametrize("task", ["matching.run_due_round", "matching.run_round"])
def test_a_task_that_the_broker_delivers_twice_is_done_once(task: str) -> None:
    with Crew() as crew:
        stock_up(some_lenders(6), requests=3)
        forget_tasks()
        app.send_task(task)
        deliver_again()
        crew.hire("one")
        until = time.monotonic() + 20
        while taken("one") < 2 or in_flight():
            assert time.monotonic() < until, "it was not taken twice"
            time.sleep(0.05)
        beat()
        resumed(is_filled)

    assert MatchRound.objects.filter(status=RoundStatus.BOOKED, figures__stakes__gt=0).count() == 1
    assert_whole()
