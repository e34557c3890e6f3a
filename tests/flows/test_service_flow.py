"""The main job by services alone, and what may happen to it: everything twice, a worker killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from celery import current_app
from django.db import connection, transaction

from core import clock
from ledger.chart import Role as Account
from ledger.services import account_id, lock_accounts
from lending.models import LoanEvent, LoanEventKind, Offer, Repayment
from lending.states import LoanStatus, OfferSource, RequestStatus
from matching import tasks as matching
from matching.models import MatchRound
from matching.services.rounds import run_round
from matching.states import RoundStatus
from notifications import tasks as notifications
from notifications.models import Message
from payments import tasks as payments
from payments.models import Collection, Payout, WebhookEvent
from payments.sandbox import control
from payments.states import CollectionStatus, PayoutStatus
from tests.flows import job as the
from tests.flows.money import assert_money
from tests.processes import running_worker

PATIENCE_SECONDS = 30


@pytest.mark.django_db
def test_a_loan_is_repaid_to_the_last_cent() -> None:
    job = the.wanted()
    assert run_round(at=clock.now()) is not None
    loan = the.lent(job)

    the.live_through(loan, instalments=the.MONTHS)

    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert not loan.holdings.exclude(outstanding_cents=0).exists()
    the.assert_paid(job, loan, instalments=the.MONTHS)
    assert_money()


# --- Everything is delivered more than once ------------------------------------------------------


@pytest.fixture
def _restless_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event of the provider arrives five times, in no order."""
    mischief = control.Mischief(copies=5, shuffled_by=7)
    restless = partial(control.deliver_events, mischief=mischief)
    monkeypatch.setattr(control, "deliver_events", restless)


def everything_twice() -> None:
    """Deliver each task that may be in a queue two times."""
    for task in (
        payments.process_inbox,
        payments.send_payouts,
        payments.collect,
        payments.sweep,
        matching.run_round_now,
        notifications.send_due,
    ):
        for _ in range(2):
            task()


@pytest.mark.django_db
@pytest.mark.usefixtures("_restless_mail")
def test_whatever_is_delivered_twice_moves_money_once() -> None:
    job = the.wanted()
    assert matching.run_due_round() is not None
    assert matching.run_due_round() is None
    everything_twice()
    loan = the.lent(job)
    everything_twice()
    for number in range(1, 4):
        the.live_through(loan, instalments=number)
        everything_twice()

    assert Offer.objects.filter(source=OfferSource.MANDATE).count() == 1
    assert [payout.status for payout in Payout.objects.all()] == [PayoutStatus.PAID]
    assert Collection.objects.filter(status=CollectionStatus.SUCCEEDED).count() == 3
    assert Repayment.objects.count() == 3
    assert LoanEvent.objects.filter(loan=loan, kind=LoanEventKind.PAID).count() == 3
    events = WebhookEvent.objects.values_list("event_id", flat=True)
    assert len(events) == len(set(events)) > 10
    assert not Message.objects.filter(sent_at__isnull=True, send_from__lte=clock.now()).exists()
    the.assert_paid(job, loan, instalments=3)
    assert_money()


# --- A worker is killed --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_round_is_finished_by_the_next_one() -> None:
    job = the.wanted()

    with running_worker() as process_id, _kept_from_booking(job):
        current_app.send_task("matching.run_round")
        _wait_until(_somebody_waits_for_us)
        os.killpg(process_id, signal.SIGKILL)

    assert [match.status for match in MatchRound.objects.all()] == [RoundStatus.SOLVED]
    assert not Offer.objects.filter(source=OfferSource.MANDATE).exists()
    assert_money()

    with running_worker():
        current_app.send_task("matching.run_round")
        _wait_until(lambda: _is_filled(job))
        loan = the.lent(job)
        the.live_through(loan, instalments=1)

    assert MatchRound.objects.filter(status=RoundStatus.BOOKED).count() == 1
    assert Offer.objects.filter(source=OfferSource.MANDATE).count() == 1
    the.assert_paid(job, loan, instalments=1)
    assert_money()


@contextmanager
def _kept_from_booking(job: the.Job) -> Iterator[None]:
    """Hold the account that a round needs for its stake."""
    with transaction.atomic():
        lock_accounts([account_id(Account.CASH, job.by_mandate.pk)])
        yield


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def _is_filled(job: the.Job) -> bool:
    job.request.refresh_from_db()
    return job.request.status == RequestStatus.FILLED


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)
