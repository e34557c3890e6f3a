"""`manage.py match`: the engine on a folder of CSV files, without a database."""

from __future__ import annotations

import json
import resource
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from matching.engine.export import write_allocation, write_prices
from matching.engine.figures import figures
from matching.engine.files import read_market
from matching.engine.result import Result
from matching.engine.solve import solve
from matching.engine.tables import FileError
from matching.services.seeds import whole_seed

_TOLD: Final = ("lenders", "mandates", "requests", "pairs", "stakes")


class Command(BaseCommand):
    """Reads a market, solves it, writes stakes and prices and prints one line of JSON."""

    help = "Solve a market given as CSV files; see matching/engine/files.py for their columns."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder, the file to write and the seed."""
        parser.add_argument("--market", type=Path, required=True, metavar="DIR")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--prices", type=Path, metavar="FILE", help="write what auctions came to"
        )
        parser.add_argument("--seed", type=whole_seed, default=0, metavar="N")

    def handle(
        self,
        *args: Any,
        market: Path,
        out: Path,
        seed: int,
        prices: Path | None = None,
        **options: Any,
    ) -> None:
        """Solve and write; a bad cell ends it with its file, line and column."""
        started = perf_counter()
        try:
            given = read_market(market)
        except FileError as error:
            raise CommandError(str(error)) from error
        loaded = perf_counter()
        result = solve(given, seed)
        solved = perf_counter()
        _write(write_allocation, result, out)
        if prices is not None:
            _write(write_prices, result, prices)
        found = figures(result)
        line = {name: found[name] for name in _TOLD} | {
            "funded_requests": found["funded_requests"],
            "funded_cents": found["funded_cents"],
            "auctions": len(result.prices),
            "solve_seconds": round(solved - loaded, 4),
            "load_seconds": round(loaded - started, 4),
            "peak_mb": _peak_mb(),
            "output_sha256": result.sha256,
        }
        self.stdout.write(json.dumps(line))


def _write(writer: Callable[[Result, Path], None], result: Result, path: Path) -> None:
    try:
        writer(result, path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error


def _peak_mb() -> float:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
