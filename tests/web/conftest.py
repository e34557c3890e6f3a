"""A market whose day is the one on which the factories begin, and browsers without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core import clock
from tests.daytime import begin_in_the_afternoon
from tests.factories.people import AT

SCRIPT = {"HTTP_HX_REQUEST": "true"}
"""The header by which a page's script asks for a piece."""


@pytest.fixture(autouse=True)
def day(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Open the factories' first day, with a cache that no other run of tests can empty or fill."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages"}
    settings.CACHES = {"default": memory}
    begin_in_the_afternoon(monkeypatch)
    clock.set_business_date(clock.day_of(AT), is_virtual=True)
    yield
    cache.clear()


@pytest.fixture
def visitor() -> Client:
    """Somebody who is not logged in and reads English."""
    return Client(HTTP_ACCEPT_LANGUAGE="en")


def browser_of(user: User, *, language: str = "en") -> Client:
    """The browser of somebody who is logged in."""
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The page's source with entities resolved as far as tests need, and spaces run together."""
    source = response.content.decode().replace("&#x27;", "'").replace("\u00a0", " ")
    return " ".join(source.split())


def queries_of(act: Callable[[], Any]) -> int:
    """How many queries an act takes."""
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)
