"""Seals the books now, and begins the heads anew after a restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from ledger.chain_check import rows_as_sealed
from ledger.errors import ChainBroken
from ledger.sealing import begin_heads_anew, seal_all


class Command(BaseCommand):
    """Seal what is not yet sealed, as the clock does every few minutes."""

    help = "Seal the rows of the ledger and of the audit trail that are not yet sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let a restored database begin a new file of heads."""
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="this database was restored from a backup: keep the old heads aside, begin anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal and say how much; CommandError when the seals are not those known outside."""
        at = clock.now()
        if options["after_restore"]:
            if found := list(rows_as_sealed()):
                raise CommandError("\n".join(str(finding) for finding in found))
            self.stdout.write(f"The old heads are kept in {begin_heads_anew(at=at)}.")
        try:
            sealed = seal_all(at=at)
        except ChainBroken as error:
            raise CommandError(str(error)) from error
        for chain, count in sealed.items():
            self.stdout.write(f"{chain.value}: {count} rows sealed")
