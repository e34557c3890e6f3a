"""The sandbox's server as a program of its own, on the test's databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

from django.db import connections

from config.embedded.places import CODE


def address_of(alias: str) -> str:
    """The address of a test database, for another process."""
    named = connections[alias].settings_dict
    parts = {"host": named["HOST"], "port": named["PORT"], "user": named["USER"]}
    rest = urlencode({name: str(value) for name, value in parts.items() if value})
    return f"postgresql:///{quote(named['NAME'])}?{rest}"


@contextmanager
def sandbox_server(*more: str) -> Iterator[str]:
    """Start `manage.py sandbox_server` on a free port; yields its address, and ends it."""
    environ = {
        **os.environ,
        "PARI_ENV": "test",
        "DATABASE_URL": address_of("default"),
        "SANDBOX_DATABASE_URL": address_of("sandbox"),
    }
    command = [sys.executable, "manage.py", "sandbox_server", "--port", "0", *more]
    process = subprocess.Popen(
        command, cwd=CODE, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("http://"):
            assert process.stderr is not None
            raise RuntimeError(line + process.stderr.read())
        yield line.split()[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)
