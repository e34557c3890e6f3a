"""The lot: a number for each lender that nobody can choose, drawn from the seed of the round.

Two keys come from the seed by BLAKE2b; the finalizer of SplitMix64 (Steele, Lea and Flood 2014,
public constants) spreads them over the lender ids. It is a bijection of 64-bit words, so two
lenders never draw the same number, and it runs on whole arrays.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.engine.problem import Ints

Words = NDArray[np.uint64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


def lots(seed: int, ids: Ints) -> Words:
    """One 64-bit lot per id; the same for the same seed, wherever the id stands in the array."""
    length = max(1, (seed.bit_length() + 7) // 8)
    digest = blake2b(seed.to_bytes(length, "little"), digest_size=16, person=b"pari-lots").digest()
    first, second = np.frombuffer(digest, dtype="<u8").astype(np.uint64)
    return _mixed(_mixed(ids.astype(np.uint64) + first) ^ second)


def _mixed(words: Words) -> Words:
    """SplitMix64 on each word; arithmetic wraps at 64 bits."""
    z = words + _STEP
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)
