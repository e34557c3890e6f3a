"""`manage.py replay_round ID`: proves that a stored round comes out the same again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.errors import NothingToReplay
from matching.models import MatchRound
from matching.services.replays import differences

_SHOWN = 20


class Command(BaseCommand):
    """Solves a round again from its stored market and compares hash, chain, offers, receipts."""

    help = "Solve a stored round again and compare it, stake for stake; fails on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number of the round."""
        parser.add_argument("round_id", type=int, metavar="ID")

    def handle(self, *args: Any, round_id: int, **options: Any) -> None:
        """Compare, and fail with what differs."""
        match = MatchRound.objects.filter(pk=round_id).first()
        if match is None:
            raise CommandError(f"There is no round {round_id}.")
        try:
            found = list(differences(match))
        except NothingToReplay as error:
            raise CommandError(f"Round {round_id}: {error.message}") from error
        for line in found[:_SHOWN]:
            self.stderr.write(line)
        if found:
            raise CommandError(f"Round {round_id} differs in {len(found)} places.")
        self.stdout.write(f"Round {round_id} comes out the same: {match.output_sha256}")
