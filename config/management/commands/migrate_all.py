"""Brings every database up to date: ours, and the payment sandbox's where it is in use."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.routers import OUR_ALIAS, SANDBOX_ALIAS
from payments.provider import is_sandbox


class Command(BaseCommand):
    """Run `migrate` on each database that holds tables of ours."""

    help = "Migrate our database, and the payment sandbox's when no provider key is set."

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate one database after the other."""
        aliases = [OUR_ALIAS, SANDBOX_ALIAS] if is_sandbox() else [OUR_ALIAS]
        for alias in aliases:
            call_command(
                "migrate",
                database=alias,
                interactive=False,
                verbosity=options["verbosity"],
                stdout=self.stdout,
            )
