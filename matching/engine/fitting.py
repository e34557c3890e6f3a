"""The rescue of a request that the queue cannot complete because smallest stakes do not fit.

The queue may end with a rest that is smaller than every smallest stake still waiting. Before the
request is skipped it is decided exactly whether some choice of lenders fits it: one in which the
smallest stakes sum to no more, the caps to no less than the amount. The sums that a set of lenders
can reach are kept as the bits of one whole number, so the answer is exact and quick.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def fitting_members(
    target: int, minimum: Sequence[int], cap: Sequence[int]
) -> tuple[list[int], int]:
    """The first choice of lenders that can hold exactly `target` units, and the best sum there is.

    The lenders stand in order of preference: each is taken if the amount can still be reached with
    it and those before it. The list is empty when nothing fits; then the second figure is the
    largest sum below `target` that can be reached.
    """
    kept = _useful(target, minimum, cap)
    reach = _reachable(target, [(minimum[at], cap[at]) for at in kept])
    if not reach[0] >> target & 1:
        return [], reach[0].bit_length() - 1
    members, low, high = [], 0, 0
    for place, at in enumerate(kept):
        least, most = low + minimum[at], high + cap[at]
        if _meets(reach[place + 1], target - most, target - least):
            members.append(at)
            low, high = least, most
    return members, target


def _useful(target: int, minimum: Sequence[int], cap: Sequence[int]) -> list[int]:
    """Leave out those of equal sizes that come too late ever to be needed."""
    seen: Counter[tuple[int, int]] = Counter()
    kept = []
    for at, sizes in enumerate(zip(minimum, cap, strict=True)):
        seen[sizes] += 1
        if seen[sizes] * sizes[0] <= target:
            kept.append(at)
    return kept


def _reachable(target: int, sizes: Sequence[tuple[int, int]]) -> list[int]:
    """For each place the sums, as bits 0 to `target`, within reach of the lenders from there on."""
    every = (1 << target + 1) - 1
    reach = [1] * (len(sizes) + 1)
    for place in range(len(sizes) - 1, -1, -1):
        least, most = sizes[place]
        sums = reach[place + 1]
        if sums != every:
            sums = (sums | _smeared(sums, most - least + 1) << least) & every
        reach[place] = sums
    return reach


def _smeared(bits: int, width: int) -> int:
    """The bits at every shift from 0 to `width` - 1."""
    have = 1
    while have < width:
        step = min(have, width - have)
        bits |= bits << step
        have += step
    return bits


def _meets(bits: int, low: int, high: int) -> bool:
    """Whether a bit from `low` to `high` is set."""
    if high < 0:
        return False
    low = max(low, 0)
    return bool(bits >> low & ((1 << high - low + 1) - 1))
