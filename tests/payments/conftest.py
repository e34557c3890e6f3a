"""Fixtures of the payments tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

import payments.gateway
from payments.gateway import gateway
from payments.webhooks import HINT
from tests.payments.faults import FaultyClient


@pytest.fixture(autouse=True)
def _no_hint_is_left() -> None:
    """Forget that a worker was told of the inbox in an earlier test."""
    cache.delete(HINT)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyClient]:
    """The wire between gateway and sandbox, on which things can be made to go wrong."""
    client = FaultyClient()
    monkeypatch.setattr(payments.gateway, "http_client", lambda: client)
    gateway.cache_clear()
    yield client
    gateway.cache_clear()
