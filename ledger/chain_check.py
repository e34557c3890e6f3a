"""Recounts the chains: every seal from its rows, every link, and the heads kept outside."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from core.findings import Finding
from ledger import heads
from ledger.chain import BEFORE_ALL, BEGINNING, Chain, digest_of, rows_between
from ledger.heads import Head, Line
from ledger.models import ChainCheck, Seal
from ledger.sealing import head_of

CHECK: Final = "chain_is_whole"
_PATIENCE: Final = 2.0
"""In seconds: so long a seal may be there before its head is written."""


def check_chains(
    *, at: datetime, told: Callable[[Finding], object] = lambda finding: None
) -> ChainCheck:
    """Recount every chain and write down what was found, for staff to see.

    Args:
        told: called with each difference.
    """
    found = list(differences())
    for finding in found:
        told(finding)
    return ChainCheck.objects.create(
        checked_at=at,
        seals=Seal.objects.count(),
        differences=len(found),
        first_difference=str(found[0]) if found else "",
    )


def differences() -> Iterator[Finding]:
    """Whatever is not as it was sealed, in any chain."""
    lines, seals = _read()
    for line in lines:
        if line.head is None:
            yield Finding(CHECK, f"line {line.place} of the heads", 1, 0, "is not signed by us")
    for chain in Chain:
        yield from _rows(chain, seals[chain])
        known = [line.head for line in lines if line.head and line.head.chain == chain]
        yield from _outside(chain, seals[chain], known)


def rows_as_sealed() -> Iterator[Finding]:
    """Whatever is not as it was sealed, without a look at the heads outside."""
    for chain in Chain:
        yield from _rows(chain, list(Seal.objects.filter(chain=chain).order_by("number")))


def _read() -> tuple[list[Line], dict[str, list[Seal]]]:
    """The heads, then the seals; a head is written just after its seal, so look again for those."""
    until = time.monotonic() + _PATIENCE
    while True:
        lines = heads.lines()
        seals: dict[str, list[Seal]] = defaultdict(list)
        for seal in Seal.objects.order_by("number"):
            seals[seal.chain].append(seal)
        count = sum(len(rows) for rows in seals.values())
        if len(lines) >= count or time.monotonic() > until:
            return lines, seals
        time.sleep(_PATIENCE / 10)


def _rows(chain: Chain, seals: list[Seal]) -> Iterator[Finding]:
    """Each seal follows the one before it and has the digest of the rows that are there now."""
    previous, after = BEGINNING, BEFORE_ALL
    for number, seal in enumerate(seals, 1):
        name = f"{chain.value} seal {seal.number}"
        if seal.number != number:
            yield Finding(CHECK, f"{chain.value} seals", number, seal.number, "a seal is missing")
            return
        if seal.previous_digest != previous:
            yield Finding(CHECK, name, 0, 1, "does not follow the seal before it")
        digest = digest_of(chain, seal.previous_digest, after=after, last=seal.last_id)
        if digest != seal.digest:
            found = rows_between(chain, after=after, last=seal.last_id)
            note = f"rows {seal.first_id} to {seal.last_id} are not as they were sealed"
            yield Finding(CHECK, name, seal.rows, found, note)
        previous, after = seal.digest, seal.last_id


def _outside(chain: Chain, seals: list[Seal], known: list[Head]) -> Iterator[Finding]:
    """Every seal is known outside as it is, and every one known outside is there."""
    here = {seal.number: head_of(seal) for seal in seals}
    for head in known:
        name = f"{chain.value} seal {head.number}"
        if head.number not in here:
            yield Finding(CHECK, name, 1, 0, "is known outside and is not there")
        elif here[head.number] != head:
            yield Finding(CHECK, name, 0, 1, "is not the one known outside")
    for number in sorted(here.keys() - {head.number for head in known}):
        yield Finding(CHECK, f"{chain.value} seal {number}", 1, 0, "is not known outside")
