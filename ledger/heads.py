"""The heads of the chains, kept outside the database: a file that only grows, signed line by line.

Who can rewrite the database can rewrite every seal in it. What was written here before then tells
of it, as long as the folder (`settings.LEDGER_HEADS`) is not in the same hands.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.db import connection


class Head(NamedTuple):
    """What is told of a seal outside the database."""

    chain: str
    number: int
    last_id: int
    rows: int
    digest: str
    sealed_at: str


class Line(NamedTuple):
    """One line of the file: where it stands and its head, None where it is not of our making."""

    place: int
    head: Head | None


def append(heads: Iterable[Head]) -> None:
    """Add a signed line for each head, and wait until the disk has them."""
    key = _keys()[0]
    lines = [_signed(head, key) for head in heads]
    if not lines:
        return
    path = file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+b") as out:
        _cut_torn_line(out)
        out.write("".join(f"{line}\n" for line in lines).encode())
        out.flush()
        os.fsync(out.fileno())


def lines() -> list[Line]:
    """Every line of the file, oldest first; none where there is no file."""
    keys = _keys()
    return [Line(place, _read(line, keys)) for place, line in enumerate(_whole_lines(), 1)]


def newest(chain: str) -> Head | None:
    """The last head of a chain that was told, without looking at those before it."""
    keys = _keys()
    told = (_read(line, keys) for line in reversed(_whole_lines()))
    return next((head for head in told if head and head.chain == chain), None)


def set_aside(at: datetime) -> Path | None:
    """Begin a new file, for a database that was restored or emptied; returns where the old one is.

    What was known until then is kept beside it under the instant's name.
    """
    path = file()
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.until-{at:%Y%m%dT%H%M%S%f}")
    return path.rename(aside)


def file() -> Path:
    """The file of the present database."""
    name = quote(str(connection.settings_dict["NAME"]), safe="")
    return Path(settings.LEDGER_HEADS) / f"{name}.heads"


def _whole_lines() -> list[str]:
    try:
        *whole, _torn = file().read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    return whole


def _cut_torn_line(out: BinaryIO) -> None:
    """Drop what a crash left of a line; the seal is in the database and its head is told anew."""
    out.seek(0)
    out.truncate(out.read().rfind(b"\n") + 1)


def _signed(head: Head, key: str) -> str:
    told = head._asdict()
    return json.dumps(told | {"key": _name_of(key), "signature": _signature(head, key)})


def _read(line: str, keys: list[str]) -> Head | None:
    try:
        told = json.loads(line)
        name, signature = told.pop("key"), told.pop("signature")
        key = next(key for key in keys if _name_of(key) == name)
        head = Head(**told)
    except (ValueError, TypeError, AttributeError, KeyError, StopIteration):
        return None
    return head if hmac.compare_digest(str(signature), _signature(head, key)) else None


def _signature(head: Head, key: str) -> str:
    told = json.dumps(head._asdict(), sort_keys=True).encode()
    return hmac.new(key.encode(), told, hashlib.sha256).hexdigest()


def _name_of(key: str) -> str:
    """Says which key signed a line without telling it."""
    return hashlib.sha256(f"name of {key}".encode()).hexdigest()[:8]


def _keys() -> list[str]:
    """The present key, then those of before. Outside production one is made where none is set."""
    present = settings.LEDGER_KEY or _made_key()
    return [present, *settings.OLD_LEDGER_KEYS]


def _made_key() -> str:
    path = Path(settings.LEDGER_HEADS) / "key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"key.{secrets.token_hex(8)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32), encoding="ascii")
        with suppress(FileExistsError):
            os.link(fresh, path)  # whoever is first; a name appears with its whole content
        fresh.unlink()
    return path.read_text(encoding="ascii")
