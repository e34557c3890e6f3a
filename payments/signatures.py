"""Proves that a webhook comes from the provider, from its raw body and its signature header."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

from django.conf import settings

TOLERANCE_SECONDS: Final = 300
_TIME: Final = re.compile(r"^[0-9]{1,12}$")
_DIGEST: Final = re.compile(r"^[0-9a-f]{64}$")


class BadSignature(Exception):
    """The request was not signed by the provider, or not just now."""


def webhook_secrets() -> list[str]:
    """The secrets of snapshot events, newest first; the sandbox's is made from our own key."""
    if settings.STRIPE_KEY:
        return list(settings.STRIPE_WEBHOOK_SECRETS)
    return [_of_the_sandbox(b"sandbox webhook secret")]


def thin_webhook_secrets() -> list[str]:
    """The secrets of thin events, newest first: they have an address and secrets of their own."""
    if settings.STRIPE_KEY:
        return list(settings.STRIPE_THIN_WEBHOOK_SECRETS)
    return [_of_the_sandbox(b"sandbox secret of thin events")]


def _of_the_sandbox(use: bytes) -> str:
    made = hmac.new(settings.SECRET_KEY.encode(), use, hashlib.sha256)
    return f"whsec_{made.hexdigest()}"


def check_signature(body: bytes, header: str, *, secrets: Sequence[str], now: float) -> None:
    """Raise BadSignature unless `header` signs `body` with one of `secrets`, within five minutes.

    The clock may be off to either side: a signature from the future is refused as well.
    """
    signed_at, digests = _read(header)
    if abs(now - int(signed_at)) > TOLERANCE_SECONDS:
        raise BadSignature("the signature is too old, or from the future")
    message = signed_at.encode() + b"." + body
    for secret in secrets:
        expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        for digest in digests:
            if hmac.compare_digest(expected, digest):
                return
    raise BadSignature("no signature fits the body")


def _read(header: str) -> tuple[str, list[str]]:
    """The time as it was signed, and the signatures of the scheme that counts."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t" and _TIME.match(value)]
    digests = [value for name, _, value in pairs if name == "v1" and _DIGEST.match(value)]
    if len(times) != 1 or not digests:
        raise BadSignature("the header holds no time or no signature")
    return times[0], digests
