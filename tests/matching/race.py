"""Acts that happen at once, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection


def race(*acts: Callable[[], object]) -> list[object]:
    """Results or refusals, in the order of the acts."""
    results: list[object] = [None] * len(acts)
    start = Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            start.wait()
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
