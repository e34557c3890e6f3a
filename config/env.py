"""Reads settings from the environment and says loudly what is wrong with them.

Every variable may also be given as a file: `X_FILE=/run/secrets/x` sets X to that
file's content. Problems are collected, so that one start names all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})
_POSTGRES_SCHEMES = frozenset({"postgres", "postgresql"})
_T = TypeVar("_T")


class ConfigurationError(ImproperlyConfigured):
    """One or more environment variables cannot be used; the message names each."""


@dataclass
class Env:
    """Reads `environ`; `finish()` raises ConfigurationError when any variable was bad.

    A reader returns the default (or an empty value) for a bad variable, so that
    reading can go on and find the next one.
    """

    environ: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def text(
        self,
        name: str,
        default: str | None = None,
        *,
        choices: Sequence[str] = (),
        at_least: int = 0,
    ) -> str:
        """Return the text of `name`; without a default it must be given."""
        value = self._raw(name)
        if value is None:
            return self._missing(name) if default is None else default
        if choices and value not in choices:
            return self._bad(name, f"must be one of {', '.join(choices)}", default or "")
        if len(value) < at_least:
            return self._bad(name, f"must have at least {at_least} characters", default or "")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return yes or no."""
        value = self._raw(name)
        if value is None:
            return default
        if value.lower() in _YES | _NO:
            return value.lower() in _YES
        return self._bad(name, "must be yes or no (also true/false, on/off, 1/0)", default)

    def number(
        self, name: str, default: int, *, at_least: int = 0, at_most: int | None = None
    ) -> int:
        """Return a whole number."""
        value = self._raw(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            return self._bad(name, "must be a whole number", default)
        if number < at_least:
            return self._bad(name, f"must be at least {at_least}", default)
        if at_most is not None and number > at_most:
            return self._bad(name, f"must be at most {at_most}", default)
        return number

    def steps(self, name: str, default: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Return steps written like `48:50,96:75`: ascending hours, each with a percentage."""
        value = self._raw(name)
        if value is None:
            return tuple(default)
        pairs = [word.strip().split(":") for word in value.split(",") if word.strip()]
        if not all(len(pair) == 2 and all(part.isdecimal() for part in pair) for pair in pairs):
            return self._bad(name, "must be written like 48:50,96:75", tuple(default))
        found = tuple((int(hours), int(percent)) for hours, percent in pairs)
        rises = all(one[0] < two[0] for one, two in pairwise(found))
        if not rises or any(percent > 100 for _, percent in found):
            return self._bad(name, "must name ascending hours and at most 100 %", tuple(default))
        return found

    def words(self, name: str, default: Sequence[str] | None = ()) -> list[str]:
        """Return a list written with commas; with default None it must not be empty."""
        value = self._raw(name)
        words = [word.strip() for word in (value or "").split(",") if word.strip()]
        if not words and default is None:
            self._missing(name)
        return words or list(default or ())

    def database(self, name: str, default: str | None = None) -> dict[str, Any]:
        """Return Django's settings for a `postgresql://user:password@host:port/name` address.

        Query parameters go to the driver (`?sslmode=require`); `?host=/run/postgresql`
        names a folder with a Unix socket.
        """
        value = self.text(name, default)
        if not value:
            return {}
        try:
            return parse_database_url(value)
        except ValueError as error:
            return self._bad(name, str(error), {})

    def redis(self, name: str, default: str | None = None) -> str:
        """Return a `redis://`, `rediss://` or `unix://` address."""
        value = self.text(name, default)
        parts = urlsplit(value)
        if not value or (parts.scheme in _REDIS_SCHEMES and (parts.hostname or parts.path)):
            return value
        return self._bad(name, "must look like redis://host:6379/0 or unix:///path?db=0", "")

    def complain(self, name: str, why: str) -> None:
        """Add a problem that only the caller can see, such as two settings at odds."""
        self.problems.append(f"{name}: {why}")

    def finish(self) -> None:
        """Raise ConfigurationError if any variable read so far was bad."""
        if self.problems:
            lines = "\n".join(f"  {problem}" for problem in self.problems)
            raise ConfigurationError(f"These environment variables cannot be used:\n{lines}")

    def _raw(self, name: str) -> str | None:
        value, file = self.environ.get(name), self.environ.get(f"{name}_FILE")
        if value and file:
            return self._bad(name, f"is given twice, as {name} and as {name}_FILE", None)
        if file:
            try:
                value = Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                return self._bad(f"{name}_FILE", f"cannot be read ({error})", None)
        return value or None

    def _missing(self, name: str) -> str:
        return self._bad(name, f"is not set (give it as {name} or {name}_FILE)", "")

    def _bad(self, name: str, why: str, instead: _T) -> _T:
        self.complain(name, why)
        return instead


def parse_database_url(url: str) -> dict[str, Any]:
    """Return Django's database settings for `url`; ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in _POSTGRES_SCHEMES:
        raise ValueError("must begin with postgresql://")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ValueError("names no database: postgresql://user@host/NAME")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or "") or options.pop("user", ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or options.pop("host", ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }
