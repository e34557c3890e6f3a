"""The level of a stake: how full a lender would be, halfway through that stake, against its turn.

A level is the fraction (2 * before + 2 * already + size) / (2 * base) in cents, where `before` is
what the lender has placed less what it is owed, `already` what it has in this very request, and
`base` where it should stand by now: attainable * seen / reach.

Levels decide who gets money, so they are whole numbers with one exact meaning: the fraction times
2**LEVEL_BITS, rounded down, of a base that is itself a whole number of sixteenths of a cent. Two
fractions could be compared exactly by cross-multiplication, but their products need more than 64
bits, which arrays do not have; and a level is to be stored and recomputed from stored numbers, so
it must be a number and not a comparison. Rounding down keeps the order of a lender's own stakes;
two lenders closer than 2**-LEVEL_BITS are equally full, and the tie rule decides.

The widths below keep every product within 63 bits: cents up to 2**36 (`problem.NO_LIMIT`), what a
lender may attain counted up to 2**32 cents, weights of all buckets together up to 2**26.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from matching.engine.problem import UNIT_CENTS, Ints

LEVEL_BITS: Final = 20
BASE_BITS: Final = 4
WEIGHT_BITS: Final = 26
LARGEST_ATTAINABLE: Final = 2**32

_SHIFT: Final = LEVEL_BITS + BASE_BITS - 1
_FAR: Final = 2**62


def slopes(attainable_cents: Ints, reach: Ints) -> Ints:
    """Attainable / reach with WEIGHT_BITS binary digits; `base` multiplies it by what was seen."""
    capped = np.minimum(attainable_cents, LARGEST_ATTAINABLE)
    slope: Ints = (capped << WEIGHT_BITS) // np.maximum(reach, 1)
    return slope


def bases(slope: Ints, seen: Ints) -> Ints:
    """Where each lender should stand once it has seen `seen`, in 1 / 2**BASE_BITS cents, from 1."""
    base: Ints = np.maximum((slope * seen) >> (WEIGHT_BITS - BASE_BITS), 1)
    return base


def levels(head: Ints, units: Ints | int, size: Ints | int, base: Ints) -> Ints:
    """The level of a stake of `size` units on top of `units` in the same request.

    Args:
        head: 2 * (placed - owed) in cents, from before this request.
    """
    level: Ints = ((head + (2 * units + size) * UNIT_CENTS) << _SHIFT) // base
    return level


def level_of_one(head: int, units: int, size: int, base: int) -> int:
    """`levels` for a single stake."""
    return ((head + (2 * units + size) * UNIT_CENTS) << _SHIFT) // base


def units_within(bound: int, head: Ints, first: Ints, cap: Ints, base: Ints) -> Ints:
    """How many units each lender takes whose levels do not exceed `bound`.

    The first portion has `first` units, each later one a single unit; `cap` ends it.
    """
    last: Ints | int = bound + 1
    if abs(bound + 1) * int(base.max(initial=1)) >= _FAR:
        last = np.clip(bound + 1, -(_FAR // base), _FAR // base)
    room = (last * base - 1 >> _SHIFT) - head
    room -= first * UNIT_CENTS
    more = (room - (first - 1) * UNIT_CENTS) // (2 * UNIT_CENTS)
    units: Ints = first + np.minimum(np.maximum(more, 0), cap - first)
    units[room < 0] = 0
    return units


def single_units_within(bound: int, head: Ints, cap: Ints, base: Ints) -> Ints:
    """`units_within` where the first portion is a single unit too."""
    last: Ints | int = bound + 1
    if abs(bound + 1) * int(base.max(initial=1)) >= _FAR:
        last = np.clip(bound + 1, -(_FAR // base), _FAR // base)
    room = (last * base - 1 >> _SHIFT) - head
    room += UNIT_CENTS
    room //= 2 * UNIT_CENTS
    np.maximum(room, 0, out=room)
    units: Ints = np.minimum(room, cap, out=room)
    return units
