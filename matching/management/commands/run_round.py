"""`manage.py run_round`: runs a round now, by hand."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.wording import euro
from matching.errors import RoundUnderWay
from matching.services.rounds import run_round
from matching.services.seeds import whole_seed
from matching.states import RoundStatus


class Command(BaseCommand):
    """Runs a round to its end, or finishes one that was begun."""

    help = "Run a round of the matching engine now; finish one that a dead worker left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a seed in place of the derived one."""
        parser.add_argument(
            "--seed", type=whole_seed, metavar="N", help="default: derived in secret"
        )

    def handle(self, *args: Any, seed: int | None = None, **options: Any) -> None:
        """Run it and say what it did."""
        try:
            match = run_round(at=clock.now(), seed=seed)
        except RoundUnderWay as error:
            raise CommandError(error.message) from error
        if match is None:
            self.stdout.write("Nothing to do: no money and request can come together now.")
            return
        if match.status != RoundStatus.BOOKED:
            raise CommandError(f"Round {match.pk} is {match.status}; see its audit trail.")
        figures = match.figures
        self.stdout.write(
            f"Round {match.pk}: {figures['funded_requests']} of {figures['requests']} requests, "
            f"{figures['stakes']} stakes, {euro(figures['funded_cents'])}; "
            f"{len(match.fallen)} fell back. {match.output_sha256}"
        )
