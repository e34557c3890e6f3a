"""How often someone may call."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as CacheAway

from accounts.models import Role
from api import throttling
from tests.api.conftest import client_of, fresh_address
from tests.factories import people

pytestmark = pytest.mark.django_db


def limit(settings: Any, scope: str, rate: str) -> None:
    """Set one limit and leave the others out."""
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], scope: rate}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}


def test_callers_without_login_are_counted_by_address(settings: Any) -> None:
    limit(settings, "anonymous", "2/day")
    client, address = client_of(), fresh_address()
    statuses = [client.get("/api/v1/market/requests", **address).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.get("/api/v1/market/requests", **address)
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused.headers["Retry-After"]) <= 86_401
    assert client.get("/api/v1/market/requests", **fresh_address()).status_code == 200


def test_a_forged_forwarded_address_does_not_help(settings: Any) -> None:
    limit(settings, "anonymous", "1/day")
    client, address = client_of(), fresh_address()
    answers = [
        client.get("/api/v1/market/requests", HTTP_X_FORWARDED_FOR=forged, **address)
        for forged in ("198.51.100.1", "198.51.100.2")
    ]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_people_are_counted_one_by_one(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(settings, "person", "1/day")
    run = uuid4().hex
    monkeypatch.setattr(
        throttling.PerPerson, "caller", lambda _, request: f"{run}{request.user.pk}"
    )
    one, other = (client_of(people.person(Role.LENDER)) for _ in range(2))
    assert [one.get("/api/v1/me").status_code for _ in range(2)] == [200, 429]
    assert other.get("/api/v1/me").status_code == 200


def test_logins_are_counted_by_address(settings: Any) -> None:
    limit(settings, "login", "1/day")
    client, address = client_of(), fresh_address()
    answers = [client.post("/api/v1/tokens", {}, **address) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 429]


def test_without_the_cache_everyone_passes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> int:
        raise CacheAway

    limit(settings, "anonymous", "1/day")
    monkeypatch.setattr(throttling, "_count", away)
    assert client_of().get("/api/v1/market/requests").status_code == 200
