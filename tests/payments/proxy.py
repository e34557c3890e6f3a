"""A proxy on a real socket, between a client and the sandbox's server, that misbehaves on purpose.

An answer may be lost, cut off, spoilt or invented, before or after the request was passed on.
"""

from __future__ import annotations

import http.client
import re
import select
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, Mapping[str, str], bytes]
JSON = {"Content-Type": "application/json"}
LONGEST_SILENCE = 10.0


def silence(handler: Handler, pass_on: Callable[[], Answer]) -> None:
    """The request never arrives, and nobody says so."""
    handler.wait_for_the_end()


def silence_after(handler: Handler, pass_on: Callable[[], Answer]) -> None:
    """The request is carried out, and nobody says so."""
    pass_on()
    handler.wait_for_the_end()


def reset_after(handler: Handler, pass_on: Callable[[], Answer]) -> None:
    """The request is carried out, and the connection is torn down."""
    pass_on()
    linger_no_longer = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_no_longer)
    handler.close_connection = True
    handler.connection.close()


def answer(status: int) -> Callable[..., None]:
    """The request never arrives; something on the way refuses it."""
    body = b'{"error": {"message": "not now", "type": "api_error"}}'
    return lambda handler, pass_on: handler.send(status, JSON, body)


def spoilt(status: int, body: bytes) -> Callable[..., None]:
    """The request is carried out, and something on the way spoils the answer."""

    def fault(handler: Handler, pass_on: Callable[[], Answer]) -> None:
        pass_on()
        handler.send(status, JSON, body)

    return fault


FAULTS: dict[str, Callable[..., None]] = {
    "timeout before": silence,
    "timeout after effect": silence_after,
    "reset after effect": reset_after,
    "409": answer(409),
    "429": answer(429),
    "500 after effect": spoilt(500, b'{"error": {"message": "oops", "type": "api_error"}}'),
    "503": answer(503),
    "bad JSON after effect": spoilt(200, b"{"),
    "wrong type after effect": spoilt(200, b'"hello"'),
}
TIMEOUTS = ("timeout before", "timeout after effect")


class Handler(BaseHTTPRequestHandler):
    """Passes each request on, or does what the proxy was told to do instead."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Proxy

    def do_GET(self) -> None:
        """Pass on, or misbehave."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def pass_on() -> Answer:
            return self.server.pass_on(self.command, self.path, dict(self.headers), body)

        fault = self.server.fault_of(self.command, self.path)
        if fault:
            fault(self, pass_on)
        else:
            self.send(*pass_on())

    do_POST = do_GET

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer; a client that has left is no news."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def wait_for_the_end(self) -> None:
        """Say nothing until the client hangs up."""
        select.select([self.connection], [], [], LONGEST_SILENCE)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


class Proxy(ThreadingHTTPServer):
    """Listens on a free port of this machine; `seen` keeps method, path, body and key of each.

    `client` is the SDK's network client, whose patience a test may change.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._upstream = port
        self._armed: tuple[str, re.Pattern[str], Callable[..., None]] | None = None
        self.client: Any = None
        self.hits = 0
        self.seen: list[tuple[str, str, bytes, str]] = []

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def misbehaving(self, operation: str, fault: Callable[..., None]) -> Iterator[None]:
        """Misbehave for each request of an operation such as `POST /v1/transfers/*/reversals`."""
        method, _, path = operation.partition(" ")
        pattern = re.compile(re.escape(path).replace(r"\*", "[^/]+") + r"(\?.*)?$")
        self._armed, self.hits = (method, pattern, fault), 0
        try:
            yield
        finally:
            self._armed = None

    def fault_of(self, method: str, path: str) -> Callable[..., None] | None:
        """What to do to a request, or None to pass it on."""
        if self._armed is None or self._armed[0] != method or not self._armed[1].match(path):
            return None
        self.hits += 1
        return self._armed[2]

    def pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Ask the server behind, on a connection of its own."""
        self.seen.append((method, path, body, headers.get("Idempotency-Key", "")))
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=30)
        upstream.request(method, path, body, {**headers, "Connection": "close"})
        found = upstream.getresponse()
        content = found.read()
        upstream.close()
        kept = {"Content-Type", "Request-Id", "Idempotency-Key", "Idempotent-Replayed"}
        return found.status, {k: v for k, v in found.headers.items() if k in kept}, content

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve in a thread of its own until the end."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
