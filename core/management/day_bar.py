"""The bar that people see while days are closed by a command."""

from __future__ import annotations

from datetime import date

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core import clock, day_end


def close_days(command: BaseCommand, until: date) -> None:
    """Close every day before `until`, show how far it is, and say what was done.

    Raises:
        CommandError: another scheduler is at it.
    """
    total = (until - clock.business_date()).days
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]} {task.fields[shards]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        days = bar.add_task("Day end", total=max(total, 0), step="", shards="")
        closed = day_end.catch_up(
            until=until,
            told=lambda on: bar.update(days, advance=1, description=f"Day end {on}"),
            told_step=lambda name: bar.update(days, step=name.rsplit(".", 1)[1], shards=""),
            told_shards=lambda done, total: bar.update(days, shards=f"{done}/{total}"),
        )
    now_open = clock.business_date()
    if now_open < until:
        raise CommandError(f"Another scheduler is closing days; {now_open} is open.")
    command.stdout.write(f"{closed} days closed; {now_open} is open for business.")
