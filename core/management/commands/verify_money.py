"""`manage.py verify_money`: proves the money; exits non-zero on one cent of difference."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from core.findings import Check, Finding


def findings() -> list[Finding]:
    """Everything that the proofs of `settings.MONEY_CHECKS` find; empty when the money is right."""
    checks: list[Check] = [import_string(name) for name in settings.MONEY_CHECKS]
    return [finding for check in checks for finding in check()]


class Command(BaseCommand):
    """Runs every proof and prints one line for each, then the findings."""

    help = "Prove that no cent is lost or created; exit status 1 and a line for each difference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say of each proof whether it held; CommandError when one did not."""
        wrong: list[Finding] = []
        for name in settings.MONEY_CHECKS:
            check: Check = import_string(name)
            found = list(check())
            wrong += found
            self.stdout.write(f"{'ok ' if not found else 'BAD'} {name.rsplit('.', 1)[1]}")
        for finding in wrong:
            self.stderr.write(str(finding))
        if wrong:
            raise CommandError(f"{len(wrong)} differences", returncode=1)
        self.stdout.write(f"money verified: {len(settings.MONEY_CHECKS)} proofs, no difference")
