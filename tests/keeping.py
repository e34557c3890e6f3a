"""What the fixture `kept` is to tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Made = TypeVar("Made")


class Keep(Protocol):
    """Makes what all tests of a module begin with, once: `kept(make)`.

    What a test does itself is undone after it, what is kept after the last. Give each test a deep
    copy, since what it changes in memory stays. Not for modules with tests that commit.
    """

    def __call__(self, make: Callable[[], Made]) -> Made:
        """What `make` returns, which may write to the databases."""
