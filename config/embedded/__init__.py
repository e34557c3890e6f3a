"""Servers for whoever has none: PostgreSQL and Valkey from pip packages, while a command runs.

`ensure()` is all that others call. It asks the *guardian* of this checkout (one small process per
data folder, see guardian.py) for servers and keeps that connection open; the kernel closes it
however this process ends, and after the last one the guardian stops the servers and leaves.
"""

import atexit
import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path

from config.embedded.places import CODE, Place, find_place

# What a server's address is called in the environment, and the server that the guardian knows.
_SERVERS = {"DATABASE_URL": "postgresql", "REDIS_URL": "valkey"}
_GOODBYE_SECONDS = 60.0
_ATTEMPTS = 3

_connections: list[socket.socket] = []


class EmbeddedError(RuntimeError):
    """The embedded servers did not start; the message says why and what to do."""


def ensure(
    *,
    profile: str = "",
    checkout: Path = CODE,
    environ: MutableMapping[str, str] = os.environ,
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> None:
    """Set DATABASE_URL and REDIS_URL in `environ`, starting servers for those that are unset.

    Costs nothing when both are set, so children of this process find them ready. In production
    nothing is started: the settings then name what is missing.

    Args:
        profile: which servers: "main" keeps its data, "test" trades safety for speed; else the
            environment's PARI_EMBEDDED_PROFILE, else "main".
        tell: is given a line for people whenever something takes long.
    Raises:
        EmbeddedError: the servers could not be started.
    """
    if environ.get("PARI_ENV") == "production":
        return
    wanted = [
        server
        for name, server in _SERVERS.items()
        if not environ.get(name) and not environ.get(f"{name}_FILE")
    ]
    if not wanted:
        return
    place = find_place(profile or environ.get("PARI_EMBEDDED_PROFILE") or "main", checkout)
    for name, url in _ask(place, wanted, tell).items():
        environ[name] = url


def leave() -> None:
    """Let go of the servers; returns when they have stopped, if nobody else uses them."""
    while _connections:
        connection = _connections.pop()
        try:
            connection.settimeout(_GOODBYE_SECONDS)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        except OSError:
            pass  # the guardian is gone already, and the servers with it
        finally:
            connection.close()


def _ask(place: Place, servers: list[str], tell: Callable[[str], None]) -> dict[str, str]:
    for _ in range(_ATTEMPTS):
        connection = _connect_or_start(place)
        answer = _converse(connection, servers, tell)
        if answer is not None:
            _connections.append(connection)
            return answer
        connection.close()  # it was just leaving; the next one will not be
    raise EmbeddedError(f"The embedded servers keep stopping; see {place.log('guardian')}")


def _converse(
    connection: socket.socket, servers: list[str], tell: Callable[[str], None]
) -> dict[str, str] | None:
    """Ask for `servers`; returns their addresses by variable, or None when nobody answers."""
    try:
        connection.sendall(json.dumps({"servers": servers}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                said = json.loads(line)
                if "error" in said:
                    connection.close()
                    raise EmbeddedError(said["error"])
                if "urls" in said:
                    return dict(said["urls"])
                tell(said["told"])
    except (BrokenPipeError, ConnectionResetError):
        pass
    return None


def _connect_or_start(place: Place) -> socket.socket:
    """Return a connection to the guardian; one command at a time may start it."""
    place.create()
    with place.start_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return _connect(place)
        except OSError:
            _start_guardian(place)
            return _connect(place)


def _connect(place: Place) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(place.guardian_socket))
    except OSError:
        connection.close()
        raise
    return connection


def _start_guardian(place: Place) -> None:
    """Start the guardian and wait until it listens."""
    listening, its_end = os.pipe()
    command = [sys.executable, "-m", "config.embedded.guardian"]
    command += [place.profile, str(place.checkout), str(its_end)]
    try:
        with place.log("guardian").open("ab") as log:
            subprocess.run(
                command,
                check=False,
                cwd=CODE,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                pass_fds=[its_end],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
    finally:
        os.close(its_end)
    with os.fdopen(listening) as pipe:
        if pipe.read() != "listening":
            raise EmbeddedError(
                f"The embedded servers cannot start; the end of {place.log('guardian')}:\n"
                + place.end_of_log("guardian")
            )


def _forget() -> None:
    """Close the connections in a forked child: only the command itself keeps the servers."""
    while _connections:
        _connections.pop().close()


atexit.register(leave)
os.register_at_fork(after_in_child=_forget)
