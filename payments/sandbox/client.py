"""The SDK's HTTP client whose network ends in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import stripe

from payments.sandbox.apps import refuse_live_key
from payments.sandbox.dispatch import Request, answer

KEY = "sk_test_sandbox"
"""The key that goes with the sandbox; it opens nothing anywhere else."""


class SandboxClient(stripe.HTTPClient):
    """Hands each request to the sandbox and its answer back to the SDK."""

    name: ClassVar[str] = "sandbox"

    def __init__(self) -> None:
        super().__init__()
        refuse_live_key()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer at once."""
        parts = urlsplit(url)
        found = answer(
            Request(
                method=method.upper(),
                path=parts.path,
                query=parts.query,
                body=post_data or "",
                headers={name.lower(): value for name, value in (headers or {}).items()},
            )
        )
        return found.body, found.status, found.headers

    def close(self) -> None:
        """Nothing is held open."""
