"""`manage.py sandbox_server`: the payment sandbox for any client that speaks the provider's API."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Serves the sandbox over HTTP until Ctrl-C."""

    help = "Serve the payment sandbox over HTTP on this machine, as the provider's API."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let address and port be chosen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=0, help="default: any that is free")
        parser.add_argument(
            "--anywhere", action="store_true", help="allow an address that others can reach"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; the address is the first line that is said."""
        from payments.sandbox.server import SandboxServer

        try:
            server = SandboxServer(options["host"], options["port"], anywhere=options["anywhere"])
        except (ImproperlyConfigured, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        host = f"[{options['host']}]" if ":" in options["host"] else options["host"]
        self.stdout.write(f"http://{host}:{server.server_port}  (Ctrl-C ends it)")
        self.stdout.flush()
        with server:
            try:
                server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                self.stdout.write("")
