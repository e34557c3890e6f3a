"""Writes every outgoing provider request to a file, as one JSON line each, without secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

KEPT_HEADERS: Final = (
    "content-type",
    "idempotency-key",
    "stripe-account",
    "stripe-version",
)


def record_request(
    file: Path, method: str, url: str, headers: Mapping[str, str], body: Any
) -> None:
    """Append one request; processes may share the file, for a line is written in one go."""
    parts = urlsplit(url)
    line = {
        "method": method.upper(),
        "path": parts.path,
        "query": parts.query,
        "body": body or "",
        "headers": {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS},
    }
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, (json.dumps(line) + "\n").encode())
    finally:
        os.close(handle)
