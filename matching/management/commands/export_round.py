"""`manage.py export_round ID DIR`: a stored round as CSV files, for anybody to solve again."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.errors import NothingToReplay
from matching.models import MatchRound
from matching.services.replays import export_round


class Command(BaseCommand):
    """Writes the market that a round saw, and what it decided."""

    help = "Write the market of a round and its allocation as CSV files into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the round and the folder."""
        parser.add_argument("round_id", type=int, metavar="ID")
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *args: Any, round_id: int, folder: Path, **options: Any) -> None:
        """Write the files and say how to solve them again."""
        match = MatchRound.objects.filter(pk=round_id).first()
        if match is None:
            raise CommandError(f"There is no round {round_id}.")
        try:
            result = export_round(match, folder)
        except NothingToReplay as error:
            raise CommandError(f"Round {round_id}: {error.message}") from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}") from error
        self.stdout.write(
            f"Written to {folder}. The same again: manage.py match --market {folder} "
            f"--seed {result.seed} --out allocation.csv"
        )
