"""From which network address a request came."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from web.addresses import address_of


def _from(settings: Any, proxies: int, **meta: str) -> str:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    return address_of(RequestFactory().get("/", **meta))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (1, "2001:DB8::7", "2001:db8::7"),
        (1, "nonsense", ""),
    ],
)
def test_only_what_our_own_proxy_appended_is_believed(
    settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    meta = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}
    assert _from(settings, proxies, **meta) == address


def test_a_proxy_that_names_nobody_stands_for_itself(settings: Any) -> None:
    assert _from(settings, 1, REMOTE_ADDR="192.0.2.1") == "192.0.2.1"
