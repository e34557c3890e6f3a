"""How often someone may call. Counts live in the cache, so that every process shares them."""

from __future__ import annotations

import time
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

log = structlog.get_logger(__name__)

_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class _Throttle(BaseThrottle):
    """Counts calls in fixed windows, atomically; while the cache is away everyone passes.

    `settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]` says for each scope "300/minute" or None.
    """

    scope: str
    _wait_seconds: float | None = None

    def caller(self, request: Request) -> str | None:
        """Who is counted; None when this throttle is not about them."""
        return self.get_ident(request)

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this call and say whether it is still within the limit."""
        rate = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"][self.scope]
        caller = self.caller(request)
        if rate is None or caller is None:
            return True
        limit, period = rate.split("/")
        window, elapsed = divmod(time.time(), _SECONDS[period])
        self._wait_seconds = _SECONDS[period] - elapsed
        try:
            return _count(f"{self.scope}:{caller}:{window:.0f}", _SECONDS[period]) <= int(limit)
        except RedisError:
            log.warning("throttle_without_cache", scope=self.scope)
            return True

    def wait(self) -> float | None:
        """Seconds until the next window opens."""
        return self._wait_seconds


def _count(name: str, seconds: int) -> int:
    key = f"throttle:{name}"
    cache.add(key, 0, timeout=2 * seconds)  # it outlives its window, so `incr` always finds it
    return int(cache.incr(key))


class PerAddress(_Throttle):
    """Callers without login, by network address."""

    scope = "anonymous"

    def caller(self, request: Request) -> str | None:
        """Only people who are not logged in."""
        return None if request.user.is_authenticated else self.get_ident(request)


class PerPerson(_Throttle):
    """Callers with login, from wherever they call and by whatever means."""

    scope = "person"

    def caller(self, request: Request) -> str | None:
        """Only people who are logged in."""
        return str(request.user.pk) if request.user.is_authenticated else None


class MoneyWrites(PerPerson):
    """Acts that lock accounts."""

    scope = "money"


class Logins(_Throttle):
    """Attempts to get a token, by network address, logged in or not."""

    scope = "login"
