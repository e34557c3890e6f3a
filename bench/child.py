"""A piece of work in a process of its own, so that its memory is told apart from all other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Alone(Generic[T]):
    """What came out, and the most memory that the process held."""

    value: T
    peak_mb: float


def alone(act: Callable[..., T], *args: object) -> Alone[T]:
    """Do it in a fresh interpreter; act and arguments must be importable there."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_watched, act, *args).result()


def _watched(act: Callable[..., T], *args: object) -> Alone[T]:
    value = act(*args)
    return Alone(value, peak_mb())


def peak_mb() -> float:
    """The most memory that this process has held, without what its parent held before."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024
