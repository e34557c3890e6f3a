"""The way to the payment provider: one typed method per operation.

Every request that writes takes `key`, the caller's idempotency key, which must be stored before
the call (see `payments.models.ProviderOperation`). Failures come back as one of three kinds:
`Refused`, `UnknownOutcome` or `Unavailable`. Answers come back as the plain values of `facts`.
The SDK itself is imported by `payments.gateway.sdk` alone.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

from django.conf import settings
from django.utils import timezone

from payments.gateway.money_in import MoneyIn
from payments.gateway.money_out import THE_BEGINNING, MoneyOut
from payments.gateway.people import People
from payments.gateway.sdk import http_client
from payments.provider import is_sandbox

__all__ = ["THE_BEGINNING", "Gateway", "gateway", "provider_now"]


class Gateway(People, MoneyIn, MoneyOut):
    """The provider, as the rest of the house may use it."""


def provider_now() -> datetime:
    """The provider's present instant: the wall clock, or the clock of the sandbox."""
    if not is_sandbox():
        return timezone.now()
    from payments.sandbox import clock

    return clock.now()


@cache
def gateway() -> Gateway:
    """The gateway of this process."""
    return Gateway(
        settings.STRIPE_KEY or "sk_test_sandbox", http_client(), settings.STRIPE_API_BASE
    )
