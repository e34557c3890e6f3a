"""`manage.py demo`: a living marketplace with made-up people, then the site."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from config import supervisor
from core import clock
from core.day_end import catch_up
from core.management.commands.verify_money import findings
from demo import seeding
from demo.borrowers import PASSWORD
from demo.names import MAIL_DOMAIN
from demo.summary import summary

DAYS = 365
SEED = 20


class Command(BaseCommand):
    """Tells a year of the market's life where none was told, proves the money, serves the site."""

    help = "Bring up a marketplace that has lived for a year, verify its money, and serve it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the site be left out, and the story be another."""
        parser.add_argument("--once", action="store_true", help="end after the summary")
        parser.add_argument("--port", type=int, default=0, help="default: a free one from 8000")
        parser.add_argument("--fresh", action="store_true", help="forget the story told so far")
        parser.add_argument("--seed", type=int, default=SEED, help="tells another story")
        parser.add_argument("--days", type=int, default=DAYS, help="how long the story is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, tell, prove, sum up, serve."""
        if settings.STRIPE_KEY:
            raise CommandError("PARI_STRIPE_KEY is set; the demo only plays with the sandbox.")
        self.console = Console()
        self.console.print("Bringing the databases up to date ...")
        call_command("migrate_all", verbosity=0)
        if options["fresh"] or not seeding.is_told():
            self._tell(options["seed"], options["days"])
        self._catch_up()
        self._prove()
        self.console.print(summary(on=clock.business_date()))
        self._say_logins()
        if not options["once"]:
            sys.exit(self._serve(options["port"]))

    def _tell(self, seed: int, days: int) -> None:
        seeding.begin_anew()
        with supervisor.Group() as group, self._bar("A year of loans", days) as step:
            group.start(supervisor.worker(queues=["rounds"], concurrency=1, log=_log("worker")))

            def told(on: date, so_far: Counter[str]) -> None:
                loans = f"{so_far['signed']} loans, {so_far['bids by hand']} bids by hand"
                step(f"{on:%d.%m.%Y}  {so_far['requests']} requests, {loans}")

            seeding.tell(
                seed=seed,
                until=clock.calendar_date(),
                days=days,
                told=told,
                is_alive=group.check,
            )

    def _catch_up(self) -> None:
        today = clock.calendar_date()
        missed = (today - clock.business_date()).days
        if missed > 0:
            with self._bar("Days since the last start", missed) as step:
                catch_up(until=today, told=lambda on: step(f"{on:%d.%m.%Y}"))

    def _prove(self) -> None:
        self.console.print("Proving the money ...")
        if wrong := findings():
            raise CommandError("\n".join(str(finding) for finding in wrong))
        self.console.print(f"{len(settings.MONEY_CHECKS)} proofs, not one cent of difference")

    def _say_logins(self) -> None:
        for role in ("borrower", "lender", "staff"):
            self.console.print(f"  {role:<9} {role}@{MAIL_DOMAIN}   {PASSWORD}", highlight=False)

    def _serve(self, port: int) -> int:
        port = port or supervisor.free_port()
        self.console.print(f"\nhttp://127.0.0.1:{port}/   (Ctrl-C ends everything)\n")
        return supervisor.supervise(
            [
                supervisor.site(port=port, log=_log("site")),
                supervisor.worker(log=_log("worker")),
                supervisor.beat(log=_log("beat")),
            ]
        )

    @contextmanager
    def _bar(self, name: str, total: int) -> Iterator[Callable[[str], None]]:
        """A progress bar; the function given moves it by one and says what is going on.

        Where there is no terminal, a line for each tenth of the way.
        """
        if not self.console.is_terminal:
            yield self._lines(name, total)
            return
        columns = (
            TextColumn(name),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self.console, refresh_per_second=4) as progress:
            task = progress.add_task("", total=total)
            yield lambda words: progress.update(task, advance=1, description=words)

    def _lines(self, name: str, total: int) -> Callable[[str], None]:
        done = count(1)

        def step(words: str) -> None:
            if (number := next(done)) % max(total // 10, 1) == 0:
                self.console.print(f"{name}: {number * 100 // total} %  {words}")

        return step


def _log(name: str) -> Path:
    """Where a program writes what nobody needs to see at once."""
    folder = Path(settings.BASE_DIR) / ".pari" / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"
