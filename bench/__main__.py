"""`make bench`: how fast and how well the engine matches, beside what it is compared with."""

from __future__ import annotations

from argparse import ArgumentParser

from rich.console import Console
from rich.table import Table

from bench.markets import generated
from bench.matching import Measured, measured, peak_mb
from matching.engine.solve import solve

RATIOS = (0.5, 1.0, 2.0)


def main() -> None:
    """Measure one size at three ratios of cash to demand, then optionally a large market."""
    parser = ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--lenders", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="also 100,000 x 10,000")
    given = parser.parse_args()
    console = Console()
    for ratio in RATIOS:
        with console.status(f"cash per demand {ratio}"):
            rows = measured(
                given.lenders,
                given.requests,
                cash_per_demand=ratio,
                seed=given.seed,
                loops=ratio == 1,
            )
        console.print(_table(f"{given.lenders:,} x {given.requests:,}, {ratio}", rows))
    if given.large:
        _large(console, given.seed)
    console.print(f"peak memory {peak_mb():.0f} MB")


def _large(console: Console, seed: int) -> None:
    market = generated(100_000, 10_000, cash_per_demand=1, seed=seed)
    with console.status("100,000 x 10,000"):
        result = solve(market, seed)
    console.print(f"100,000 x 10,000: {len(result.stakes):,} stakes")


def _table(title: str, rows: list[Measured]) -> Table:
    """One line per way, with how its time stands to the engine's."""
    table = Table("", "seconds", "engine / this", "of the bound", "Jain", "stakes", title=title)
    engine = rows[0].seconds
    for row in rows:
        table.add_row(
            row.name,
            f"{row.seconds:.3f}",
            f"{engine / row.seconds:.3f}",
            f"{row.of_bound:.4f}",
            "" if row.jain is None else f"{row.jain:.4f}",
            "" if row.stakes is None else f"{row.stakes:,}",
        )
    return table


main()
