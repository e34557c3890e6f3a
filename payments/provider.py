"""Who plays the provider: the real one, our sandbox in this process, or our sandbox's server."""

from __future__ import annotations

from typing import Final

from django.conf import settings

STRIPE: Final = "https://api.stripe.com"


def is_sandbox() -> bool:
    """Whether our own sandbox answers, in this process or behind its server."""
    return not settings.STRIPE_KEY or settings.STRIPE_API_BASE != STRIPE
