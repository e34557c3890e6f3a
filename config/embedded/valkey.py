"""The embedded Valkey: broker and cache on a Unix socket, with nothing kept on disk."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from config.embedded import processes
from config.embedded.places import Place
from config.embedded.programs import Programs

_STOP = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0))
_START_SECONDS = 60.0
# Each test process takes a number of its own.
NUMBERS = 64


class Valkey:
    """Starts, watches and stops the Valkey server of one place."""

    name = "valkey"

    def __init__(self, place: Place, programs: Programs) -> None:
        self.place = place
        self.programs = programs
        self.folder = place.folder / "valkey"
        self.socket = place.sockets / "valkey"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, tell: Callable[[str], None]) -> None:
        """Bring the server up, empty."""
        processes.make_folder(self.folder, self.place)
        processes.clear(self.folder, "valkey-server", _STOP)
        self.socket.unlink(missing_ok=True)
        command: list[str | Path] = [
            self.programs.valkey,
            "--port",
            "0",
            "--unixsocket",
            self.socket,
        ]
        command += ["--unixsocketperm", "700", "--dir", self.folder, "--databases", str(NUMBERS)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        with self.place.log(self.name).open("wb") as log:
            self.process = processes.start(
                command, place=self.place, folder=self.folder, log=log, dies_by=signal.SIGTERM
            )
        self._wait()

    def stop(self) -> None:
        """Stop; what it held is only hints."""
        if self.process is not None:
            processes.stop(self.process, _STOP)
            self.process = None

    def is_running(self) -> bool:
        """Say whether the server process lives."""
        return self.process is not None and self.process.poll() is None

    def urls(self) -> dict[str, str]:
        """Return the address under its variable's name."""
        return {"REDIS_URL": f"unix://{self.socket}?db=0"}

    def _wait(self) -> None:
        import redis

        until = time.monotonic() + _START_SECONDS
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError as error:
                    if not self.is_running() or time.monotonic() > until:
                        end = self.place.end_of_log(self.name)
                        raise RuntimeError(f"Valkey does not start: {error}\n{end}") from error
                    time.sleep(0.02)
