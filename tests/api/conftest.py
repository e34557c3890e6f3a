"""Callers of the API, and limits out of the way of tests that are not about them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from accounts.models import User
from tests.daytime import begin_in_the_afternoon


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    """Let everyone call as often as they like."""
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}


@pytest.fixture(autouse=True)
def afternoon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test begin at the same time of day."""
    begin_in_the_afternoon(monkeypatch)


def client_of(user: User | None = None, **headers: str) -> APIClient:
    """A client with the person's token, or without login."""
    client = APIClient(raise_request_exception=False, headers=headers)
    if user:
        token, _ = Token.objects.get_or_create(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.key}")
    return client


def fresh_key() -> dict[str, str]:
    """A header that names a new act."""
    return {"Idempotency-Key": str(uuid4())}


def fields(answer: Any) -> dict[str, str]:
    """The fields that a problem names, with the code of each."""
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def fresh_address() -> dict[str, str]:
    """A network address that no other test calls from."""
    return {"REMOTE_ADDR": f"2001:db8::{uuid4().hex[:4]}:{uuid4().hex[:4]}"}
