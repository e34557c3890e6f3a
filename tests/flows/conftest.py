"""Fixtures of the flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from tests.flows.browser import Browser, Visitor

Visit = Callable[..., Visitor]


@pytest.fixture(autouse=True)
def _no_hint_is_left() -> None:
    """Forget what an earlier test told the workers or counted against an address."""
    cache.clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a module."""
    with Browser() as chromium:
        yield chromium


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """Opens windows on the site; when the test is over, none may have met with trouble."""
    opened: list[Visitor] = []

    def made(**given: Any) -> Visitor:
        opened.append(Visitor(browser, live_server.url, **given))
        return opened[-1]

    yield made
    for visitor in opened:
        visitor.leave()
    troubles = [words for visitor in opened for words in visitor.troubles]
    assert troubles == [], "\n".join(troubles)
