"""Fixtures of the payments tests."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_hint_is_left() -> None:
    """Forget that a worker was told of the inbox in an earlier test."""
    cache.clear()
