"""The sandbox's server: quick, on this machine only, and in the provider's form whatever comes."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from payments.sandbox.dispatch import Answer, Request
from payments.sandbox.server import SandboxServer
from tests.payments.proxy import serving
from tests.payments.served import sandbox_server

KEY = {"Authorization": "Bearer sk_test_x"}
FORM = {**KEY, "Content-Type": "application/x-www-form-urlencoded"}


class Echo(SandboxServer):
    """Answers without a database."""

    def answer(self, request: Request) -> Answer:
        """What came in."""
        if request.path == "/fails":
            raise RuntimeError("a fault of ours")
        said = {"path": request.path, "query": request.query, "body": request.body}
        return Answer(200, json.dumps(said), {"Content-Type": "application/json"})


@contextlib.contextmanager
def connected(server: SandboxServer) -> Iterator[http.client.HTTPConnection]:
    """A connection that is kept for many requests."""
    with serving(server):
        client = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        yield client
        client.close()


def asked(client: http.client.HTTPConnection, *request: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an answer."""
    client.request(*request)
    found = client.getresponse()
    return found.status, json.loads(found.read())


def raw(port: int, text: bytes) -> bytes:
    """What the server says to bytes that need not be HTTP."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while part := connection.recv(65_536):
            said += part
    return said


def test_many_calls_on_one_connection_take_no_time_for_waiting():
    with connected(Echo("127.0.0.1", 0)) as client:
        begun = time.monotonic()
        for number in range(50):
            status, said = asked(client, "POST", f"/v1/{number}?a=b", "c=d", FORM)
            assert (status, said) == (200, {"path": f"/v1/{number}", "query": "a=b", "body": "c=d"})
        assert time.monotonic() - begun < 50 * 0.02


def test_what_is_no_request_is_refused_in_the_providers_form():
    with serving(server := Echo("127.0.0.1", 0)):
        for text in (
            b"nonsense\r\n\r\n",
            b"BREW /v1/tea HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ):
            head, _, body = raw(server.server_port, text).partition(b"\r\n\r\n")
            assert b"application/json" in head or text.startswith(b"nonsense")
            assert json.loads(body or head)["error"]["type"] == "invalid_request_error"


def test_a_fault_of_the_sandbox_is_an_error_of_the_provider():
    with connected(Echo("127.0.0.1", 0)) as client:
        status, said = asked(client, "GET", "/fails", None, KEY)
        assert (status, said["error"]["type"]) == (500, "api_error")
        assert asked(client, "GET", "/works", None, KEY)[0] == 200


def test_it_listens_on_this_machine_unless_it_is_told_otherwise():
    with pytest.raises(ValueError, match="this machine alone"):
        SandboxServer("0.0.0.0", 0)
    with pytest.raises(CommandError, match="this machine alone"):
        call_command("sandbox_server", host="0.0.0.0", stdout=StringIO())
    SandboxServer("0.0.0.0", 0, anywhere=True).server_close()


def test_it_does_not_start_next_to_a_live_key(settings):
    settings.STRIPE_IS_LIVE = True
    with pytest.raises(CommandError, match="live key"):
        call_command("sandbox_server", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_the_program_serves_until_it_is_told_to_end():
    with sandbox_server() as base:
        client = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
        status, said = asked(client, "POST", "/v1/customers", "name=A", FORM)
        assert (status, said["name"]) == (200, "A")
        once = {**FORM, "Idempotency-Key": "op-1"}
        first = asked(client, "POST", "/v1/customers", "name=B", once)
        assert asked(client, "POST", "/v1/customers", "name=B", once) == first
        assert asked(client, "GET", f"/v1/customers/{said['id']}", None, KEY)[0] == 200
        status, said = asked(client, "GET", "/v1/moons?a=%00", None, KEY)
        assert status == 404
        assert said["error"]["message"] == "Unrecognized request URL (GET: /v1/moons)."
        assert asked(client, "POST", "/v1/customers", "name=%00", FORM)[0] == 400
        assert asked(client, "DELETE", "/v1/customers/x", None, KEY)[0] == 404
        assert asked(client, "GET", "/v1/events?created[gte]=999999999999999", None, KEY)[0] == 400
        assert asked(client, "GET", "/v1/customers/x", None, {})[0] == 401
        assert asked(client, "GET", "/", None, KEY)[0] == 404
        client.close()
