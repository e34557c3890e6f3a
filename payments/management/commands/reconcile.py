"""Holds the provider's books against ours; the exit status says whether they agree."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.services.books import WIDE
from payments.services.reconciliation import differences


class Command(BaseCommand):
    """Print each difference; fail when there is one.

    What rests in suspense is one: the ledger holds the money, but nobody has explained it.
    """

    help = "Compare every line of the payment provider's books with ours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to read everything again."""
        parser.add_argument(
            "--all",
            action="store_true",
            help=f"read all lines again, not only the last {WIDE.days} days",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, print, and fail on the first cent."""
        found = list(differences(back=None if options["all"] else WIDE))
        for difference in found:
            self.stdout.write(str(difference))
        if found:
            raise CommandError(f"{len(found)} differences between the provider's books and ours")
        self.stdout.write("The provider's books and ours agree.")
