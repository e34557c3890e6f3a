"""The sandbox as an HTTP server on this machine, for any client that speaks the provider's API.

Answers are written in one go and without Nagle's algorithm, which would cost 40 ms a call. Each
connection has a thread, and each thread its own connection to the sandbox's database.
"""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from django.db import connections

from payments.sandbox.apps import refuse_live_key
from payments.sandbox.dispatch import Answer, Request, answer

log = structlog.get_logger(__name__)

IDLE_SECONDS: Final = 60
MOST_BYTES: Final = 1_000_000
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Handler(BaseHTTPRequestHandler):
    """Hands each request of a connection to the sandbox."""

    protocol_version = "HTTP/1.1"
    server_version = "PariSandbox/1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer a request that reads."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a request that writes."""
        self._serve()

    do_DELETE = do_PUT = do_PATCH = do_POST

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request at all, in the provider's form."""
        self.close_connection = True
        self._send(_refusal(code, message or explain or "This is no request."))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet; whoever wants to see requests has the recorder."""

    def _serve(self) -> None:
        size = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not size.isdigit() or int(size) > MOST_BYTES:
            self.send_error(400, "A request needs a Content-Length within limits.")
            return
        body = self.rfile.read(int(size)).decode("utf-8", "replace")
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parts.query, body, headers, tells_all=True)
        try:
            found = self.server.answer(request)  # type: ignore[attr-defined]
        except Exception:
            log.exception("sandbox_failed", method=self.command, path=parts.path)
            found = _refusal(500, "The sandbox failed; its log says why.", kind="api_error")
        self._send(found)

    def _send(self, found: Answer) -> None:
        body = found.body.encode()
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class SandboxServer(ThreadingHTTPServer):
    """Serves until `shutdown`; port 0 takes a free one, found in `server_port`."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, host: str, port: int, *, anywhere: bool = False) -> None:
        refuse_live_key()
        if host not in LOOPBACK and not anywhere:
            raise ValueError(f"{host} is not an address of this machine alone")
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)

    def answer(self, request: Request) -> Answer:
        """What the sandbox says."""
        return answer(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, then let go of the database."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no news."""
        log.debug("sandbox_connection_ended", client=str(client_address))


def _refusal(status: int, message: str, *, kind: str = "invalid_request_error") -> Answer:
    body = json.dumps({"error": {"message": message, "type": kind}})
    return Answer(status, body, {"Content-Type": "application/json"})
