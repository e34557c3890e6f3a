"""What the clock starts: sealing, and the recount of the seals."""

from __future__ import annotations

from celery import shared_task

from core import clock
from ledger import chain_check, sealing


@shared_task(name="ledger.seal")
def seal() -> dict[str, int]:
    """Seal what was written since the last time; how many rows, by chain."""
    return {chain.value: count for chain, count in sealing.seal_all(at=clock.now()).items()}


@shared_task(name="ledger.check_chains")
def check_chains() -> int:
    """Recount every seal; how many differences there are."""
    return chain_check.check_chains(at=clock.now()).differences
