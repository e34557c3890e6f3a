"""Seals what was written since the last seal, beside the posting and never in its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from django.db import connection

from core.only_one import only_one
from ledger import heads
from ledger.chain import BEFORE_ALL, BEGINNING, TABLES, Chain, digest_of, spans
from ledger.errors import ChainBroken
from ledger.heads import Head
from ledger.models import Seal
from ledger.settled import settled_through

log = structlog.get_logger(__name__)

LOCK: Final = 0x5345414C  # "SEAL" in ASCII


def seal_all(*, at: datetime) -> dict[Chain, int]:
    """Seal every chain as far as it is settled; how many rows were sealed, by chain.

    Nothing is sealed inside a transaction, whose rows may yet be taken back, nor while another
    process is sealing. Raises ChainBroken when the heads outside know of other seals.
    """
    sealed = dict.fromkeys(Chain, 0)
    if connection.in_atomic_block:
        return sealed
    with only_one(LOCK) as won:
        for chain in Chain if won else ():
            sealed[chain] = _seal(chain, at=at)
    return sealed


def seal_day(*, on: date, at: datetime) -> dict[str, Any]:
    """The step of day end; a broken chain is told loudly but does not keep the day from closing."""
    try:
        return {chain.value: count for chain, count in seal_all(at=at).items()}
    except ChainBroken as error:
        log.error("chain_broken", on=str(on), why=str(error))
        return {"broken": str(error)}


def head_of(seal: Seal) -> Head:
    """What is told of a seal outside."""
    at = seal.sealed_at.astimezone(UTC).isoformat()
    return Head(seal.chain, seal.number, seal.last_id, seal.rows, seal.digest, at)


def begin_heads_anew(*, at: datetime) -> Path | None:
    """Tell every seal that is there in a new file; the old one is kept, and its path returned.

    For a database that was restored from a backup, or emptied.
    """
    aside = heads.set_aside(at)
    heads.append(head_of(seal) for seal in Seal.objects.order_by("number", "chain"))
    return aside


def _seal(chain: Chain, *, at: datetime) -> int:
    through = settled_through(TABLES[chain])
    last = Seal.objects.filter(chain=chain).order_by("-number").first()
    _compare_with_outside(chain, last)
    if through is None:
        return 0
    sealed = 0
    for seal in _fresh_seals(chain, last, through, at):
        heads.append([head_of(seal)])
        sealed += seal.rows
    return sealed


def _compare_with_outside(chain: Chain, last: Seal | None) -> None:
    """Go on only from the seal that is known outside.

    A crash between a seal and its head leaves one that is not; it is told now.
    """
    newest = heads.newest(chain)
    number = newest.number if newest else 0
    here = Seal.objects.filter(chain=chain, number=number).first()
    if newest and (here is None or head_of(here) != newest):
        raise ChainBroken(f"{chain.value}: seal {number} is not the one known outside")
    if last and last.number > number + 1:
        raise ChainBroken(f"{chain.value}: seals after {number} are not known outside")
    if last and last.number > number:
        heads.append([head_of(last)])


def _fresh_seals(chain: Chain, last: Seal | None, through: int, at: datetime) -> Iterator[Seal]:
    number, previous = (last.number, last.digest) if last else (0, BEGINNING)
    after = last.last_id if last else BEFORE_ALL
    for span in spans(chain, after=after, through=through):
        number += 1
        digest = digest_of(chain, previous, after=after, last=span.last)
        yield Seal.objects.create(
            chain=chain,
            number=number,
            first_id=span.first,
            last_id=span.last,
            rows=span.rows,
            previous_digest=previous,
            digest=digest,
            sealed_at=at,
        )
        after, previous = span.last, digest
