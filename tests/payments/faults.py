"""An HTTP client that misbehaves on purpose, in front of the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import stripe

from payments.sandbox.client import SandboxClient

Fault = Callable[[Callable[[], tuple[str, int, Mapping[str, str]]]], tuple[str, int, Any]]


def timeout_before(call):
    """The request never arrives."""
    raise stripe.APIConnectionError("timed out", should_retry=True)


def timeout_after(call):
    """The request is carried out and the answer is lost."""
    call()
    raise stripe.APIConnectionError("timed out", should_retry=True)


def reset_after(call):
    """The same, without a hint that it may be tried again."""
    call()
    raise stripe.APIConnectionError("connection reset", should_retry=False)


def answer(status: int, body: str = '{"error": {"message": "no"}}', **headers: str) -> Fault:
    """The request never arrives; something on the way answers."""
    return lambda call: (body, status, {"stripe-should-retry": "false", **headers})


def answer_after(status: int, body: str) -> Fault:
    """The request is carried out, and something on the way spoils the answer."""

    def fault(call):
        call()
        return body, status, {"stripe-should-retry": "false"}

    return fault


FAULTS: dict[str, Fault] = {
    "timeout before": timeout_before,
    "timeout after effect": timeout_after,
    "reset after effect": reset_after,
    "409": answer(409),
    "429": answer(429),
    "500 after effect": answer_after(500, '{"error": {"message": "oops"}}'),
    "503": answer(503),
    "bad JSON after effect": answer_after(200, "{"),
    "wrong type after effect": answer_after(200, '"hello"'),
}


class FaultyClient(stripe.HTTPClient):
    """Does what `faults` says to requests whose path matches, in order; then behaves.

    `seen` keeps method, path, body and idempotency key of every request on the wire.
    """

    name: ClassVar[str] = "faulty"

    def __init__(self) -> None:
        super().__init__()
        self._inner = SandboxClient()
        self.faults: list[tuple[str, Fault]] = []
        self.seen: list[tuple[str, str, str, str]] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Misbehave if it is time to."""
        path = url.partition("api.stripe.com")[2]
        key = (headers or {}).get("Idempotency-Key", "")
        self.seen.append((method.upper(), path, post_data or "", key))

        def call() -> tuple[str, int, Mapping[str, str]]:
            return self._inner.request(method, url, headers, post_data)

        if self.faults and f"{method.upper()} {path}".startswith(self.faults[0][0]):
            return self.faults.pop(0)[1](call)
        return call()

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0

    def close(self) -> None:
        """Nothing is held open."""
