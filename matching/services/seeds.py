"""Seeds: committed to before the market is read, shown afterwards, and stored nowhere in between.

A round's seed follows from its random key and the house's secret, so a worker that takes the round
over finds the same one; whoever reads the database cannot know it before the round is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "matching.seed"
_BYTES = 16
LONGEST_SEED = 80


def whole_seed(text: str) -> int:
    """The seed that an operator typed; raises ValueError for anything but a whole number from 0."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_SEED:
        raise ValueError(text)
    return int(text)


def commitment(seed: int) -> str:
    """What is published of a seed before it is used: the SHA-256 of its decimal digits."""
    return sha256(str(seed).encode()).hexdigest()


def derived_seed(key: UUID) -> int:
    """The seed of the round with this key, by the present secret."""
    return next(_candidates(key))


def committed_seed(key: UUID, committed: str) -> int | None:
    """The seed that was committed to, by the present secret or an older one; None when lost."""
    return next((seed for seed in _candidates(key) if commitment(seed) == committed), None)


def _candidates(key: UUID) -> Iterator[int]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = salted_hmac(_SALT, str(key), secret=secret, algorithm="sha256").digest()
        yield int.from_bytes(digest[:_BYTES], "big")
