"""`make bench`: how fast and how well the engine matches, beside what it is compared with.

Takes some forty minutes and writes docs/performance.md. With --quick it runs small markets in
three minutes, prints what it found and writes nothing.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.markdown import Markdown

from bench.databases import ready
from bench.found import QUICK, Sizes
from bench.machine import machine
from bench.page import details, page
from bench.run import run

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main() -> None:
    """Measure everything, then show or write the page."""
    parser = ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing is written")
    given = parser.parse_args()
    console, started = Console(), perf_counter()

    def tell(line: str) -> None:
        console.print(f"[dim]{perf_counter() - started:6.0f} s[/dim]  {line}", highlight=False)

    ready()
    beneath = machine()
    found = run(QUICK if given.quick else Sizes(), tell)
    if given.quick:
        console.print(Markdown(details(found)))
        return
    text = page(found, beneath, datetime.now(UTC).date())
    PAGE.write_text(text, encoding="utf-8")
    console.print(Markdown(text))
    console.print(f"written: {PAGE.relative_to(PAGE.parent.parent)}")


if __name__ == "__main__":
    main()
