"""The process that keeps the embedded servers of one place up as long as anybody needs them.

Started detached by the first command; each command holds a connection to its socket. When the last
connection closes, however its process ended, the guardian stops the servers and leaves. The
servers in turn get a signal from the kernel when the guardian itself is killed.
"""

import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO

from config.embedded.places import Place, find_place
from config.embedded.postgresql import PostgreSQL
from config.embedded.programs import find_programs
from config.embedded.valkey import Valkey

_FIRST_CLIENT_SECONDS = 15.0
_WATCH_SECONDS = 0.5
_MOST_RESTARTS = 5


class Guardian:
    """Answers commands that ask for servers, and counts who still needs them."""

    def __init__(self, place: Place) -> None:
        programs = find_programs(place)
        self.place = place
        self.servers: dict[str, PostgreSQL | Valkey] = {
            "postgresql": PostgreSQL(place, programs),
            "valkey": Valkey(place, programs),
        }
        self.wanted: set[str] = set()
        self.clients: set[socket.socket] = set()
        self.last_client: socket.socket | None = None
        self.restarts = 0
        self.must_stop = False
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def listen(self) -> None:
        """Open the socket; a stale one of a killed guardian is replaced."""
        self.place.guardian_socket.unlink(missing_ok=True)
        self.listener.bind(str(self.place.guardian_socket))
        self.place.guardian_socket.chmod(0o600)
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until nobody is left, then stop everything; waiting clients see the end of it."""
        try:
            self._serve()
        finally:
            self.selector.unregister(self.listener)
            self.place.guardian_socket.unlink(missing_ok=True)
            self.listener.close()
            for name in sorted(self.wanted, reverse=True):
                self.servers[name].stop()

    def stop_soon(self, _: int, __: FrameType | None) -> None:
        """Handle a signal that asks us to leave."""
        self.must_stop = True

    def _serve(self) -> None:
        leave_at = time.monotonic() + _FIRST_CLIENT_SECONDS
        while not self.must_stop:
            for key, _ in self.selector.select(_WATCH_SECONDS):
                if key.fileobj is self.listener:
                    self._accept()
                else:
                    self._hear(key.fileobj)  # type: ignore[arg-type]
            if self.clients:
                leave_at = 0.0
            elif time.monotonic() > leave_at:
                return
            self._restart_the_dead()

    def _accept(self) -> None:
        try:
            client, _ = self.listener.accept()
        except BlockingIOError:
            return
        client.setblocking(True)
        self.clients.add(client)
        self.selector.register(client, selectors.EVENT_READ)

    def _hear(self, client: socket.socket) -> None:
        """Answer a request, or note that the client has left."""
        try:
            said = client.recv(4096)
        except OSError:
            said = b""
        if said:
            self._answer(client, json.loads(said)["servers"])
            return
        self.selector.unregister(client)
        self.clients.discard(client)
        if self.clients:
            client.close()
        else:
            self.last_client = client  # closed by our own end: it waits for the servers to stop

    def _answer(self, client: socket.socket, names: list[str]) -> None:
        urls: dict[str, str] = {}
        for name in names:
            server = self.servers[name]
            try:
                if not server.is_running():
                    server.start(lambda line: _say(client, {"told": line}))
            except Exception as error:  # told to the one who asked; others may have their servers
                traceback.print_exc()
                server.stop()
                _say(client, {"error": str(error)})
                return
            self.wanted.add(name)
            urls |= server.urls()
        _say(client, {"urls": urls})

    def _restart_the_dead(self) -> None:
        """Bring a server back that crashed; its address stays the same."""
        for name in sorted(self.wanted):
            if not self.servers[name].is_running():
                self.restarts += 1
                if self.restarts > _MOST_RESTARTS:
                    raise RuntimeError(f"{name} has crashed {self.restarts} times")
                print(f"{name} has crashed; starting it again", flush=True)
                self.servers[name].start(print)


def _say(client: socket.socket, message: dict[str, object]) -> None:
    with suppress(OSError):  # it left without waiting: the next read tells us so
        client.sendall(json.dumps(message).encode() + b"\n")


def _become_daemon() -> None:
    """Let the command that started us go on at once; `init` becomes our parent."""
    if os.fork():
        os._exit(0)


def _only_guardian(place: Place) -> IO[str]:
    """Wait for the lock that each guardian holds for life, while an old one is leaving."""
    lock = place.guardian_lock.open("w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_EX)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def main(profile: str, checkout: str, listening: str) -> None:
    """Guard the servers of `profile` until nobody needs them.

    Args:
        listening: number of a file descriptor; it is told when connections can be made.
    """
    _become_daemon()
    os.set_inheritable(int(listening), False)
    place = find_place(profile, Path(checkout))
    with _only_guardian(place):
        guardian = Guardian(place)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, guardian.stop_soon)
        guardian.listen()
        with os.fdopen(int(listening), "w") as pipe:
            pipe.write("listening")
        guardian.run()
        sys.stdout.flush()
        os._exit(0)  # at once: the last command is waiting for us to be gone


if __name__ == "__main__":
    main(*sys.argv[1:])
