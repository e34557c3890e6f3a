"""The site with reload, a worker, the scheduler and the css build, until Ctrl-C."""

import shutil
import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from config import supervisor


class Command(BaseCommand):
    """Run everything that development needs as one group."""

    help = "Serve the site with reload beside a worker, the scheduler and the css build."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let a port be chosen."""
        parser.add_argument("--port", type=int, default=0, help="default: a free one from 8000")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the databases up to date and run until somebody ends it."""
        call_command("migrate_all", verbosity=1, stdout=self.stdout)
        port = options["port"] or supervisor.free_port()
        self.stdout.write(f"http://127.0.0.1:{port}/  (Ctrl-C ends everything)")
        programs = [
            supervisor.reloading_site(port=port),
            supervisor.worker(),
            supervisor.beat(),
            _css_watch(),
        ]
        sys.exit(supervisor.supervise(programs))


def _css_watch() -> supervisor.Program:
    beside_python = Path(sys.executable).with_name("tailwindcss")
    tailwind = shutil.which("tailwindcss", path=beside_python.parent) or "tailwindcss"
    command = [tailwind, "--input", "static/src/app.css", "--output", "static/dist/app.css"]
    return supervisor.Program("css", [*command, "--watch=always"])
