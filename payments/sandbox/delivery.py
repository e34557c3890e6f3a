"""Sends events to our own webhook addresses: signed, through the real views, in this process."""

from __future__ import annotations

import io
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final, NamedTuple
from zlib import crc32

import stripe
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db.models import F
from django.urls import resolve, reverse

from payments.sandbox import clock
from payments.sandbox.events import thin_of
from payments.sandbox.models import Form, Mail, StoredEvent
from payments.signatures import thin_webhook_secrets, webhook_secrets

ADDRESS: Final = "payments:stripe-webhook"
THIN_ADDRESS: Final = "payments:stripe-thin-webhook"


@dataclass(frozen=True)
class Mischief:
    """How the mail misbehaves; the same seed does the same again.

    Attributes:
        copies: how often each event is sent.
        shuffled_by: a seed; events then arrive in a random order.
        lost_share: the part of events, in percent, that never arrive and are not sent again.
        delay: how long each event is under way.
        form: whether events come as snapshots, thin, or each as both.
    """

    copies: int = 1
    shuffled_by: int | None = None
    lost_share: int = 0
    delay: timedelta = timedelta()
    form: str = Form.SNAPSHOT


NONE = Mischief()


class _Parcel(NamedTuple):
    row_id: int
    is_thin: bool
    payload: str


def settings_of_mail() -> Mischief:
    """How the mail is set at present."""
    row = Mail.objects.filter(pk=Mail.ONLY).first() or Mail()
    return Mischief(
        copies=row.copies,
        shuffled_by=row.seed if row.is_shuffled or row.lost_share else None,
        lost_share=row.lost_share,
        delay=timedelta(minutes=row.delay_minutes),
        form=row.form,
    )


def deliver_events(*, limit: int = 10_000, mischief: Mischief | None = None) -> int:
    """Send the events that our addresses have not taken yet; returns how many they took now."""
    how = settings_of_mail() if mischief is None else mischief
    rows = StoredEvent.objects.filter(delivered_at__isnull=True, lost_at__isnull=True)
    if how.delay:
        rows = rows.filter(created_at__lte=clock.now() - how.delay)
    waiting = _without_lost(list(rows.order_by("id")[:limit]), how)
    parcels = [parcel for row in waiting for parcel in _parcels(row, how)]
    if how.shuffled_by is not None:
        random.Random(how.shuffled_by).shuffle(parcels)  # noqa: S311 - repeatable on purpose
    taken: dict[int, bool] = defaultdict(lambda: True)
    for parcel in parcels:
        taken[parcel.row_id] &= _send(parcel)
    arrived = [row_id for row_id, is_taken in taken.items() if is_taken]
    StoredEvent.objects.filter(pk__in=taken).update(attempts=F("attempts") + 1)
    StoredEvent.objects.filter(pk__in=arrived).update(delivered_at=clock.now())
    return len(arrived)


def _without_lost(rows: list[StoredEvent], how: Mischief) -> list[StoredEvent]:
    """The events that are not lost; what is lost is marked, for good.

    Chance hangs on the seed and on which event it is, counted from the first one of all.
    """
    if not how.lost_share or not rows:
        return rows
    before = StoredEvent.objects.filter(pk__lt=rows[0].pk).count()
    rolled = {row.pk: _roll(how.shuffled_by, before + n) for n, row in enumerate(rows)}
    lost = {pk for pk, roll in rolled.items() if roll < how.lost_share}
    StoredEvent.objects.filter(pk__in=lost).update(lost_at=clock.now())
    return [row for row in rows if row.pk not in lost]


def _roll(seed: int | None, number: int) -> int:
    """A number from 0 to 99."""
    return crc32(f"{seed}:{number}".encode()) % 100


def _parcels(row: StoredEvent, how: Mischief) -> Iterator[_Parcel]:
    """An event as it is sent: news of accounts is always thin."""
    is_only_thin = row.kind.startswith("v2.")
    for _ in range(how.copies):
        if how.form != Form.THIN and not is_only_thin:
            yield _Parcel(row.pk, is_thin=False, payload=row.payload)
        if how.form != Form.SNAPSHOT or is_only_thin:
            payload = json.dumps(thin_of(json.loads(row.payload)))
            yield _Parcel(row.pk, is_thin=True, payload=payload)


def _send(parcel: _Parcel) -> bool:
    """Post one event to its address; whether the answer was 200."""
    body = parcel.payload.encode()
    secrets = thin_webhook_secrets() if parcel.is_thin else webhook_secrets()
    if not secrets:
        return False  # a key is set, and no secret for this address
    signature = stripe.WebhookSignature.generate_signature_header(parcel.payload, secrets[0])
    path = reverse(THIN_ADDRESS if parcel.is_thin else ADDRESS)
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
