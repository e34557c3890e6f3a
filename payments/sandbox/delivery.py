"""Sends events to our own webhook address: signed, through the real view, in this process."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from http import HTTPStatus

import stripe
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.urls import resolve, reverse

from payments.sandbox import clock
from payments.sandbox.models import StoredEvent
from payments.signatures import webhook_secrets

ADDRESS = "payments:stripe-webhook"


@dataclass(frozen=True)
class Mischief:
    """How the mail misbehaves.

    Attributes:
        copies: how often each event is sent.
        shuffled_by: a seed; events then arrive in a random order.
        lost_share: the part of events, in percent, that never arrives (they stay undelivered).
    """

    copies: int = 1
    shuffled_by: int | None = None
    lost_share: int = 0


NONE = Mischief()


def deliver_events(*, limit: int = 10_000, mischief: Mischief = NONE) -> int:
    """Send the events that our endpoint has not taken yet; returns how many it took now."""
    rows = list(StoredEvent.objects.filter(delivered_at__isnull=True).order_by("id")[:limit])
    parcels = [row for row in rows for _ in range(mischief.copies)]
    if mischief.shuffled_by is not None:
        chance = random.Random(mischief.shuffled_by)  # noqa: S311 - repeatable on purpose
        chance.shuffle(parcels)
        lost = {row.pk for row in rows if chance.randrange(100) < mischief.lost_share}
        parcels = [row for row in parcels if row.pk not in lost]
    taken = {row.pk for row in parcels if _send(row.payload)}
    StoredEvent.objects.filter(pk__in=taken).update(delivered_at=clock.now(), attempts=1)
    return len(taken)


def _send(payload: str) -> bool:
    """Post one event to our address; whether the answer was 200."""
    body = payload.encode()
    signature = stripe.WebhookSignature.generate_signature_header(payload, webhook_secrets()[0])
    path = reverse(ADDRESS)
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SERVER_NAME": settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_STRIPE_SIGNATURE": signature,
        }
    )
    match = resolve(path)
    response = match.func(request, *match.args, **match.kwargs)
    return bool(response.status_code == HTTPStatus.OK)
