"""Where the provider reports: checked, kept, answered at once; the work comes later."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.jobs import enqueue
from payments.facts import Event
from payments.services import inbox
from payments.signatures import BadSignature, check_signature, webhook_secrets

log = structlog.get_logger(__name__)

LARGEST_BODY: Final = 512 * 1024
LONGEST_WORD: Final = 80
LAST_SECOND: Final = 4_102_444_800
"""The end of the year 2099."""
HINT: Final = "payments:inbox-hint"
HINT_SECONDS: Final = 30


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take a snapshot event: 200 once it is kept, 400 for anything that is not the provider's."""
    try:
        event = _read(request)
    except (BadSignature, RequestDataTooBig, ValueError, RecursionError):
        return HttpResponse(status=400)
    if event.is_live != settings.STRIPE_IS_LIVE:
        log.warning("event_of_another_mode", event_id=event.id)
        return HttpResponse(status=400)
    inbox.store(event, at=timezone.now())
    if cache.add(HINT, 1, HINT_SECONDS):
        enqueue("payments.process_inbox")
    return HttpResponse(status=200)


def _read(request: HttpRequest) -> Event:
    """The event in a request that the provider signed; raises BadSignature or ValueError."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LARGEST_BODY:
        raise ValueError("the body is too large")
    body = request.body
    header = request.META.get("HTTP_STRIPE_SIGNATURE", "")
    check_signature(body, header, secrets=webhook_secrets(), now=time.time())
    if b"\\u0000" in body:
        raise ValueError("a character that no database takes")
    raw = json.loads(body)
    if not _is_event(raw):
        raise ValueError("not a snapshot event")
    return Event.read(raw)


def _is_event(raw: Any) -> bool:
    """Whether the body has the form of a snapshot event, so far as we use it."""
    if not isinstance(raw, dict) or raw.get("object") != "event":
        return False
    data, created = raw.get("data"), raw.get("created")
    shown = data.get("object") if isinstance(data, dict) else None
    words = [raw.get("id"), raw.get("type"), raw.get("api_version") or "", raw.get("account") or ""]
    words.append(shown.get("id") or "" if isinstance(shown, dict) else None)
    return (
        all(isinstance(word, str) and len(word) <= LONGEST_WORD for word in words)
        and all(words[:2])
        and isinstance(raw.get("livemode"), bool)
        and isinstance(created, int)
        and 0 < created < LAST_SECOND
    )
