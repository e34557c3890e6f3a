"""`manage.py replay_round ID`, or `--all`: proves that stored rounds come out the same again."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from matching.errors import NothingToReplay
from matching.models import MatchRound
from matching.services.replays import REPLAYABLE, differences

_SHOWN = 20


class Command(BaseCommand):
    """Solves rounds again from their stored markets; compares hash, chain, offers, receipts."""

    help = "Solve stored rounds again and compare them, stake for stake; fails on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number of the round, or all of them."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("round_id", type=int, nargs="?", metavar="ID")
        which.add_argument("--all", action="store_true", help="every round that was decided")

    def handle(self, *args: Any, round_id: int | None, **options: Any) -> None:
        """Compare, and fail with what differs."""
        if round_id is None:
            self._replay_all()
        else:
            self._replay(round_id)

    def _replay(self, round_id: int) -> None:
        match = MatchRound.objects.filter(pk=round_id).first()
        if match is None:
            raise CommandError(f"There is no round {round_id}.")
        try:
            found = list(differences(match))
        except NothingToReplay as error:
            raise CommandError(f"Round {round_id}: {error.message}") from error
        self._tell(match, found)
        if found:
            raise CommandError(f"Round {round_id} differs in {len(found)} places.")
        self.stdout.write(f"Round {round_id} comes out the same: {match.output_sha256}")

    def _replay_all(self) -> None:
        decided = MatchRound.objects.filter(status__in=REPLAYABLE).order_by("pk")
        stakes, last, wrong, places = 0, "", 0, 0
        for round_id in _with_bar(list(decided.values_list("pk", flat=True))):
            match = decided.annotate(stakes=Count("receipts")).get(pk=round_id)
            found = list(differences(match))
            self._tell(match, found)
            stakes += match.stakes
            last = match.chain_sha256 or last
            wrong, places = wrong + bool(found), places + len(found)
        told = f"{decided.count()} rounds with {stakes} stakes"
        if wrong:
            raise CommandError(f"{told}: {wrong} rounds differ in {places} places.")
        self.stdout.write(f"{told} come out the same. {last}".rstrip())

    def _tell(self, match: MatchRound, found: Sequence[str]) -> None:
        for line in found[:_SHOWN]:
            self.stderr.write(f"Round {match.pk}: {line}")
        if len(found) > _SHOWN:
            self.stderr.write(f"Round {match.pk}: and {len(found) - _SHOWN} more")


def _with_bar(ids: Sequence[int]) -> Iterator[int]:
    """The ids, with a bar on a terminal that moves with them."""
    columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield from bar.track(ids)
