"""Every operation meets every fault on a real socket: it costs time, never money, and it ends."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.db import connections, transaction
from django.test import override_settings

import payments.gateway
from config.routers import SANDBOX_ALIAS
from payments.errors import ProviderError
from payments.gateway import gateway
from payments.gateway.sdk import http_client
from payments.sandbox.dispatch import Answer, Request
from payments.sandbox.server import SandboxServer
from payments.services.sweep import sweep
from tests.payments import world
from tests.payments.matrix import CASES, SCENES
from tests.payments.matrix.parts import SOON, Case, Scene, unfinished
from tests.payments.proxy import FAULTS, TIMEOUTS, Proxy, serving
from tests.payments.test_flows import everything_is_proven
from tests.seeds import IS_SOAK

PATIENT, IMPATIENT = (2.0, 10.0), (2.0, 0.08)
EACH = 9 if IS_SOAK else 3
"""Faults that an operation meets: two or three in `make test`, by turns, all nine in a soak."""


class SharedServer(SandboxServer):
    """The sandbox's server on the test's own connection, so that all it did can be undone."""

    def __init__(self, shared: Any) -> None:
        self._shared, self._lock = shared, threading.Lock()
        super().__init__("127.0.0.1", 0)

    def answer(self, request: Request) -> Answer:
        """One request after the other."""
        with self._lock:
            connections[SANDBOX_ALIAS] = self._shared
            return super().answer(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve, and leave the connection to the test."""
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass
        finally:
            self.shutdown_request(request)


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """Both databases as they were, afterwards; a durable transaction inside believes it is one."""
    with contextlib.ExitStack() as stack:
        for alias in ("default", SANDBOX_ALIAS):
            block = transaction.atomic(using=alias)
            block._from_testcase = True
            stack.enter_context(block)
        yield
        for alias in ("default", SANDBOX_ALIAS):
            transaction.set_rollback(True, using=alias)


@pytest.fixture(scope="module")
def proxy(django_db_setup: None, django_db_blocker: Any) -> Iterator[Proxy]:
    """A proxy before a server before the sandbox, and the house configured to go through it."""
    with django_db_blocker.unblock(), contextlib.ExitStack() as stack:
        shared = connections[SANDBOX_ALIAS]
        shared.inc_thread_sharing()
        stack.callback(shared.dec_thread_sharing)
        server = SharedServer(shared)
        stack.enter_context(serving(server))
        proxy = Proxy(server.server_port)
        stack.enter_context(serving(proxy))
        settings = override_settings(
            STRIPE_KEY="sk_test_matrix",
            STRIPE_API_BASE=proxy.address,
            STRIPE_WEBHOOK_SECRETS=["whsec_matrix"],
            STRIPE_THIN_WEBHOOK_SECRETS=["whsec_thin"],
            STRIPE_TIMEOUTS=PATIENT,
        )
        stack.enter_context(settings)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
        patch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)
        client = http_client()
        patch.setattr(payments.gateway, "http_client", lambda: client)
        gateway.cache_clear()
        stack.callback(gateway.cache_clear)
        proxy.client = getattr(client._inner, "_inner", client._inner)  # behind the recorder
        yield proxy


@pytest.fixture(scope="module")
def scene(proxy: Proxy, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A scene, set once for all its cases."""
    with undone():
        yield SCENES[request.param](proxy)


def chosen() -> list[Any]:
    """The cases with the faults that they meet."""
    names = list(FAULTS)
    met = [
        (case, names[(number + turn * len(names) // EACH) % len(names)])
        for number, case in enumerate(CASES)
        for turn in range(EACH if IS_SOAK else EACH - number % 2)
    ]
    return [
        pytest.param(case.scene, case, fault, id=f"{case.operation}-{fault}") for case, fault in met
    ]


@contextlib.contextmanager
def impatient(proxy: Proxy, fault: str) -> Iterator[None]:
    """Wait for answers only briefly where none will come."""
    proxy.client._timeout = IMPATIENT if fault in TIMEOUTS else PATIENT
    yield
    proxy.client._timeout = PATIENT


@pytest.mark.soak
@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize(("scene", "case", "fault"), chosen(), indirect=["scene"], scope="module")
def test_a_fault_costs_time_and_nothing_else(scene: Scene, case: Case, fault: str) -> None:
    thing = case.arrange(scene)
    scene.proxy.seen.clear()
    with scene.proxy.misbehaving(case.operation, FAULTS[fault]), impatient(scene.proxy, fault):
        with contextlib.suppress(ProviderError):
            case.act(scene, thing)
        assert scene.proxy.hits
    if case.again:
        case.again(scene, thing)
    sweep(at=world.at(scene.on) + case.later + SOON)
    case.check(scene, thing)
    sweep(at=world.at(scene.on) + timedelta(days=60))
    assert unfinished() == []
    everything_is_proven()
    assert_keys_are_used_once(scene.proxy)


def assert_keys_are_used_once(proxy: Proxy) -> None:
    """A key says the same request each time."""
    said = defaultdict(set)
    for method, path, body, key in proxy.seen:
        if method == "POST":
            said[key].add((path, body))
    assert all(key.startswith("op-") and len(bodies) == 1 for key, bodies in said.items())
