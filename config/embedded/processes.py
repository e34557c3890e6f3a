"""Starting server processes that die with us, and finding those that some crash left behind."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from config.embedded.places import Place, user_ids

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def dying_with_parent(signal_number: int) -> Callable[[], None]:
    """Return what a child runs before exec to get `signal_number` when this process dies.

    Linux only; elsewhere a killed parent leaves the child to the next start's clean-up.
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
            if os.getppid() != parent:  # it died before we could ask
                os._exit(1)

    return ask_kernel


def start(
    command: Sequence[str | Path], *, place: Place, folder: Path, log: IO[bytes], dies_by: int
) -> subprocess.Popen[bytes]:
    """Start a server in `folder` as the place's account; it gets `dies_by` when we die."""
    ids = user_ids(place.account) if place.account else None
    as_account: dict[str, Any] = {}
    if ids:
        as_account = {"user": ids[0], "group": ids[1], "extra_groups": []}
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"},
        preexec_fn=dying_with_parent(dies_by),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        **as_account,
    )
    return process


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[int, float]]) -> None:
    """Send one signal after the other, each with its patience in seconds, until it has ended."""
    for signal_number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(signal_number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def living_in(folder: Path, program: str) -> list[int]:
    """Return the processes of `program` whose working folder is `folder`."""
    found, folder = [], folder.resolve()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")) != folder:
                continue
            executable = os.readlink(entry / "exe").removesuffix(" (deleted)")
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
        if Path(executable).name == program:
            found.append(int(entry.name))
    return found


def clear(folder: Path, program: str, steps: Sequence[tuple[int, float]]) -> None:
    """End every process of `program` that an earlier guardian left in `folder`."""
    for signal_number, seconds in (*steps, (signal.SIGKILL, 10.0)):
        until = time.monotonic() + seconds
        for pid in living_in(folder, program):
            try:
                os.kill(pid, signal_number)
            except ProcessLookupError:
                continue
        while living_in(folder, program):
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        else:
            return


def make_folder(folder: Path, place: Place) -> None:
    """Create a folder that belongs to the place's account alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    ids = user_ids(place.account) if place.account else None
    if ids:
        os.chown(folder, *ids)


def remove_folder(folder: Path) -> None:
    """Remove a half-made folder of an earlier attempt, if there is one."""
    if folder.exists():
        shutil.rmtree(folder)
