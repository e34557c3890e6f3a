"""Holds the provider's books against ours; the exit status says whether they agree."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.services.reconciliation import differences


class Command(BaseCommand):
    """Print each difference; fail when there is one."""

    help = "Compare every line of the payment provider's books with ours."

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, print, and fail on the first cent."""
        found = list(differences())
        for difference in found:
            self.stdout.write(str(difference))
        if found:
            raise CommandError(f"{len(found)} differences between the provider's books and ours")
        self.stdout.write("The provider's books and ours agree.")
