"""Turns at the provider: so many calls a second, by all processes of the house together.

The provider answers 429 above its limit. Each call therefore takes a turn in Valkey first; turns
are given out in order, one per interval, with a burst after silence. Who would have to wait for
too long is turned away before anything was sent.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import Final

import redis
import structlog

log = structlog.get_logger(__name__)

_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = 1000000 / tonumber(ARGV[1])
local free_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = free_at - (tonumber(ARGV[2]) - 1) * interval - now
if wait > tonumber(ARGV[3]) then return -1 end
redis.call('SET', KEYS[1], string.format('%.0f', free_at + interval), 'PX', 600000)
return math.ceil(math.max(wait, 0))
"""
"""Reads the clock of the server, so that machines whose clocks differ share one order."""

_SOCKET_SECONDS: Final = 1.0


class TooMany(Exception):
    """No turn within the time that a caller may wait."""


class Turns:
    """Gives out `per_second` turns a second under `name`; a caller waits `patience` at most.

    Valkey that is away stops nobody: the provider's own limit still holds.
    """

    def __init__(self, url: str, name: str, *, per_second: int, patience: float) -> None:
        self._url, self._name = url, name
        self._per_second, self._patience = per_second, patience

    def take(self) -> float:
        """Wait for a turn; returns the seconds waited. Raises TooMany."""
        try:
            burst, most = max(self._per_second // 4, 1), int(self._patience * 1_000_000)
            wait = int(self._script(keys=[self._name], args=[self._per_second, burst, most]))
        except redis.RedisError as error:
            log.warning("turns_away", why=str(error)[:200])
            return 0.0
        if wait < 0:
            raise TooMany(f"no turn at the provider within {self._patience} seconds")
        time.sleep(wait / 1_000_000)
        return wait / 1_000_000

    @cached_property
    def _script(self) -> redis.commands.core.Script:
        client = redis.Redis.from_url(
            self._url, socket_timeout=_SOCKET_SECONDS, socket_connect_timeout=_SOCKET_SECONDS
        )
        return client.register_script(_TAKE)
