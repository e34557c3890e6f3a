"""Runs the site, the worker and the scheduler as one group that starts and ends together.

Each program has a process group of its own, so that Ctrl-C reaches it through us and once only.
When one ends, all end; when this process is killed, the kernel tells each of them to end.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from config.embedded.places import CODE
from config.embedded.processes import dying_with_parent

_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.1
QUEUES = ("default", "rounds", "provider", "mail", "settlement")


@dataclass(frozen=True)
class Program:
    """A command to run beside others; what it says goes to `log`, else to our own output."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


class ProgramEnded(RuntimeError):
    """A program that should have gone on has ended."""


class Group:
    """Programs that live and die together; a context manager that leaves none behind.

    Use it in the main thread: the kernel ends a program when the thread that started it ends.
    """

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Group":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, program: Program) -> int:
        """Start a program; returns its process id."""
        log = program.log.open("ab") if program.log else None
        process = subprocess.Popen(
            list(program.command),
            cwd=CODE,
            env={**os.environ, **program.environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM),
        )
        if log:
            log.close()
        self._running[program.name] = process
        return process.pid

    def check(self) -> None:
        """Raise ProgramEnded when a program of the group has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ProgramEnded(f"{name} has ended with status {process.returncode}")

    def wait(self, asked: Sequence[int]) -> int:
        """Wait until there is a signal in `asked`, or any program ends; then stop them all.

        Returns 0 when asked to end, else the status of the program that ended by itself (1 for a
        program that claims success: it should not have ended at all).
        """
        while not asked:
            for name, process in self._running.items():
                if (status := process.poll()) is not None:
                    print(f"{name} has ended with status {status}", file=sys.stderr)
                    self.stop()
                    return status if status > 0 else 1
            time.sleep(_POLL_SECONDS)
        self.stop()
        return 0

    def stop(self) -> None:
        """Ask every program to end, kill what does not, and whatever they left behind."""
        for process in self._running.values():
            process.terminate()
        until = time.monotonic() + _STOP_SECONDS
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.0))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()


def supervise(programs: Sequence[Program]) -> int:
    """Run `programs` until one ends or somebody asks to end; returns as `Group.wait` does."""
    with _asked_to_end() as asked, Group() as group:
        for program in programs:
            group.start(program)
        return group.wait(asked)


def site(*, port: int, log: Path | None = None) -> Program:
    """Return the site as Gunicorn serves it, on this machine only."""
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"]
    return Program("site", command, log=log)


def reloading_site(*, port: int) -> Program:
    """Return the site as it restarts by itself whenever a file changes."""
    return Program("site", [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}"])


def worker(
    *, queues: Sequence[str] = QUEUES, concurrency: int = 2, log: Path | None = None
) -> Program:
    """Return a Celery worker for `queues`."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker"]
    command += ["--queues", ",".join(queues), "--concurrency", str(concurrency)]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    return Program("worker", command, log=log)


def beat(*, log: Path | None = None) -> Program:
    """Return the scheduler, which reminds workers of what may be due."""
    (CODE / ".pari").mkdir(exist_ok=True)  # where it notes what it did when
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "beat"]
    command += ["--pidfile", ""]
    return Program("beat", [*command, "--loglevel", "WARNING"], log=log)


def free_port(near: int = 8000, tries: int = 100) -> int:
    """Return the first port from `near` upward that nobody listens on."""
    for port in range(near, near + tries):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise OSError(f"no free port from {near} to {near + tries - 1}")


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Collect the signals that ask us to end; a second one kills at once."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
