"""The way to the provider: how long it waits, in whose turn, with which key, what failures are."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import stripe
from django.conf import settings as given

import payments.gateway.sdk
from payments.errors import Refused, Unavailable, UnknownOutcome
from payments.gateway import Gateway
from payments.gateway.sdk import InTurn, http_client
from payments.gateway.turns import TooMany, Turns
from payments.models import OperationKind, ProviderOperation
from payments.sandbox.client import SandboxClient
from payments.services import capital
from payments.services.sweep import sweep
from payments.states import OperationStatus
from tests.payments import world
from tests.payments.faults import FAULTS, answer, timeout_after


@contextlib.contextmanager
def listening(*, accepts: bool) -> Iterator[tuple[str, list[float]]]:
    """A server that takes requests and never answers; notes when each came."""
    came: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while accepts:
                    kept.append(server.accept()[0])
                    came.append(time.monotonic())

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
        server.close()
        for each in kept:
            each.close()


@pytest.fixture
def quick(settings, monkeypatch) -> None:
    """A twentieth of the patience, and no pauses between attempts."""
    settings.STRIPE_KEY, settings.STRIPE_TIMEOUTS = "sk_test_slow", (0.25, 0.1)
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)


def test_nobody_waits_longer_than_said_for_an_answer_and_three_times_at_most(quick, settings):
    with listening(accepts=True) as (base, came):
        settings.STRIPE_API_BASE = base
        provider = Gateway("sk_test_slow", http_client(), base)
        begun = time.monotonic()
        with pytest.raises(UnknownOutcome):
            provider.top_up(key=world.key(), amount_cents=1, metadata={})
        assert 0.3 <= time.monotonic() - begun < 2
        assert len(came) == 3


def test_the_house_waits_five_seconds_to_connect_and_twenty_for_an_answer(settings):
    settings.STRIPE_KEY, settings.PROVIDER_RECORD = "sk_test_x", ""
    assert given.STRIPE_TIMEOUTS == (5.0, 20.0)
    assert http_client()._inner._timeout == (5.0, 20.0)
    assert payments.gateway.sdk.RETRIES == 2
    assert 3 * sum(given.STRIPE_TIMEOUTS) < given.CELERY_TASK_TIME_LIMIT


def test_an_address_where_nobody_is_costs_no_more_than_the_time_to_connect(quick, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings.STRIPE_API_BASE = base
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            Gateway("sk_test_slow", http_client(), base).balance()
        assert time.monotonic() - begun < 2


# --- Turns ---------------------------------------------------------------------------------------


def turns(per_second: int, *, patience: float = 5.0, name: str = "") -> Turns:
    return Turns(
        given.REDIS_URL,
        name or f"{given.REDIS_PREFIX}turns-{uuid4()}",
        per_second=per_second,
        patience=patience,
    )


def test_many_workers_together_take_no_more_turns_than_there_are():
    name = f"{given.REDIS_PREFIX}turns-{uuid4()}"

    def work(_: int) -> list[float]:
        mine, taken = turns(40, name=name), []
        for _ in range(6):
            mine.take()
            taken.append(time.monotonic())
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(at for each in pool.map(work, range(8)) for at in each)
    assert len(taken) == 48
    assert taken[-1] - taken[0] >= (48 - 10) / 40 - 0.05
    burst = 40 // 4
    for first, last in zip(taken, taken[burst + 8 :], strict=False):
        assert last - first >= 8 / 40 - 0.06


def test_a_burst_is_free_and_what_follows_waits_for_its_turn():
    mine = turns(20)
    assert [mine.take() for _ in range(5)] == [0.0] * 5
    assert mine.take() == pytest.approx(0.05, abs=0.03)


def test_whoever_would_wait_too_long_is_turned_away_and_takes_no_turn():
    name = f"{given.REDIS_PREFIX}turns-{uuid4()}"
    patient, hasty = turns(1, name=name), turns(1, name=name, patience=0.01)
    patient.take()
    for _ in range(3):
        with pytest.raises(TooMany):
            hasty.take()
    assert patient.take() <= 1.0


def test_a_broker_that_is_away_stops_nobody():
    lonely = Turns("redis://127.0.0.1:1/0", "x", per_second=1, patience=0)
    assert lonely.take() == 0.0
    assert lonely.take() == 0.0


def test_only_real_calls_and_those_that_are_told_to_take_turns(settings):
    assert http_client()._turns is None
    settings.STRIPE_KEY = "sk_test_x"
    assert http_client()._turns is not None
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    assert http_client()._turns is None
    settings.STRIPE_TURNS_IN_SANDBOX = True
    assert http_client()._turns is not None


@pytest.mark.django_db
def test_no_turn_means_that_nothing_was_sent(monkeypatch):
    exhausted = turns(1, patience=0)
    exhausted.take()
    client = InTurn(SandboxClient(), exhausted)
    monkeypatch.setattr(payments.gateway, "http_client", lambda: client)
    payments.gateway.gateway.cache_clear()
    world.begin()
    try:
        with pytest.raises(Unavailable):
            capital.add_capital(amount_cents=100_00, at=world.at())
    finally:
        payments.gateway.gateway.cache_clear()
    operation = ProviderOperation.objects.get(kind=OperationKind.TOP_UP)
    assert (operation.status, operation.sent_at) == (OperationStatus.CREATED, None)


# --- Failures ------------------------------------------------------------------------------------

WRITES = {
    "timeout before": UnknownOutcome,
    "timeout after effect": UnknownOutcome,
    "reset after effect": UnknownOutcome,
    "409": UnknownOutcome,
    "429": Unavailable,
    "500 after effect": UnknownOutcome,
    "503": UnknownOutcome,
    "bad JSON after effect": UnknownOutcome,
    "wrong type after effect": UnknownOutcome,
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_of_one_of_three_kinds(wire, name):
    provider = payments.gateway.gateway()
    wire.faults = [("POST /v1/topups", FAULTS[name])] * 3
    with pytest.raises(WRITES[name]):
        provider.top_up(key=f"op-{uuid4()}-1", amount_cents=100, metadata={})
    wire.faults = [("GET /v1/topups", FAULTS[name])] * 3
    with pytest.raises(Unavailable):
        provider.top_ups_since(world.at())


@pytest.mark.django_db
def test_what_is_turned_away_after_a_lost_answer_is_still_unknown(wire):
    """The first attempt had its effect; that the second was refused says nothing of the first."""
    world.begin()
    client = InTurn(wire, None)
    provider = Gateway("sk_test_sandbox", client, "https://api.stripe.com")
    client._sleep_time_seconds = lambda _: 0
    wire.faults = [("POST /v1/topups", timeout_after), ("POST /v1/topups", answer(429))]
    with pytest.raises(UnknownOutcome):
        provider.top_up(key=world.key(), amount_cents=100, metadata={})
    wire.faults = [("POST /v1/topups", answer(429))]
    with pytest.raises(Unavailable):
        provider.top_up(key=world.key(), amount_cents=100, metadata={})


@pytest.mark.django_db
def test_an_unknown_outcome_stays_unknown_while_the_provider_is_away(wire):
    """Else a key would be repeated that the provider has forgotten, and money would move twice."""
    world.begin()
    wire.faults = [("POST /v1/topups", timeout_after)] * 3 + [("POST /v1/topups", answer(429))]
    with pytest.raises(UnknownOutcome):
        capital.add_capital(amount_cents=100_00, at=world.at())
    operation = ProviderOperation.objects.get(kind=OperationKind.TOP_UP)
    sweep(at=world.at() + world.timedelta(hours=1))
    operation.refresh_from_db()
    assert (operation.status, operation.sent_at) == (OperationStatus.UNKNOWN, world.at())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "may_pay_out", "may_open_pages"),
    [("web", False, True), ("worker", True, True), ("reconciler", False, False), ("", True, True)],
)
def test_a_key_may_do_what_its_role_does(role, may_pay_out, may_open_pages):
    provider = Gateway(f"rk_test_{role}_key" if role else "rk_test_key", SandboxClient(), "x://y")

    def pay_out() -> object:
        return provider.top_up(key=world.key(), amount_cents=100, metadata={})

    def make_known() -> object:
        return provider.create_customer(key=world.key(), email="a@b.de", name="A", metadata={})

    for is_allowed, act in ((may_pay_out, pay_out), (may_open_pages, make_known)):
        with contextlib.nullcontext() if is_allowed else pytest.raises(Unavailable, match="rak_"):
            act()
    assert provider.balance().total_cents == 0
    with pytest.raises((Refused, Unavailable)):
        provider.payment("pi_none")
