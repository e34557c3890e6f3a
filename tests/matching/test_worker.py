"""A real worker on the queue of rounds, told by name what came to the market."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from core import clock
from core.jobs import enqueue
from lending.states import RequestStatus
from tests.factories.mandates import mandate
from tests.flows.money import assert_money
from tests.matching.world import OLD, on_market
from tests.processes import running_worker


@pytest.mark.django_db(transaction=True)
def test_a_worker_runs_the_round_that_was_asked_for_by_name() -> None:
    clock.set_business_date((OLD + timedelta(days=1)).date(), is_virtual=True)
    request = on_market(1_000_00)
    for _ in range(3):
        mandate(cash_cents=500_00)

    with running_worker():
        enqueue("matching.round_requested")
        enqueue("matching.round_requested")
        until = time.monotonic() + 60
        while request.status != RequestStatus.FILLED and time.monotonic() < until:
            time.sleep(0.1)
            request.refresh_from_db()

    assert request.status == RequestStatus.FILLED
    assert_money("ledger", "lending")
