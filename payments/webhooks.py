"""Where the provider reports: checked, kept, answered at once; the work comes later.

There are two addresses with secrets of their own: one for snapshot events, which hold a copy of
the object, one for thin events, which name it only. Both fill one inbox.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.jobs import enqueue
from payments.facts import Event
from payments.services import inbox
from payments.signatures import (
    BadSignature,
    check_signature,
    thin_webhook_secrets,
    webhook_secrets,
)
from payments.states import EventSource

log = structlog.get_logger(__name__)

LARGEST_BODY: Final = 512 * 1024
DEEPEST: Final = 40
LONGEST_WORD: Final = 80
LAST_SECOND: Final = 4_102_444_800
"""The end of the year 2099."""
HINT: Final = "payments:inbox-hint"
HINT_SECONDS: Final = 30

_NOT_THEIRS: Final = (
    BadSignature,
    RequestDataTooBig,
    UnreadablePostError,
    ValueError,
    RecursionError,
)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take a snapshot event: 200 once it is kept, 400 for anything that is not the provider's."""
    return _take(request, EventSource.SNAPSHOT, webhook_secrets(), _snapshot)


@csrf_exempt
@require_POST
def stripe_thin_webhook(request: HttpRequest) -> HttpResponse:
    """Take a thin event: 200 once it is kept, 400 for anything that is not the provider's."""
    return _take(request, EventSource.THIN, thin_webhook_secrets(), _thin)


def _take(
    request: HttpRequest,
    source: EventSource,
    secrets: Sequence[str],
    read: Callable[[Any], Event],
) -> HttpResponse:
    try:
        event = read(_signed_json(request, secrets))
    except _NOT_THEIRS:
        return HttpResponse(status=400)
    if event.is_live != settings.STRIPE_IS_LIVE:
        log.warning("event_of_another_mode", event_id=event.id)
        return HttpResponse(status=400)
    inbox.store([event], source=source, at=timezone.now())
    if cache.add(HINT, 1, HINT_SECONDS):
        enqueue("payments.process_inbox")
    return HttpResponse(status=200)


def _signed_json(request: HttpRequest, secrets: Sequence[str]) -> Any:
    """The JSON in a request that the provider signed, if a database can hold it.

    Raises one of `_NOT_THEIRS`.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_BODY:
        raise ValueError("the body is too large")
    body = request.body
    header = request.META.get("HTTP_STRIPE_SIGNATURE", "")
    check_signature(body, header, secrets=secrets, now=time.time())
    if b"\\u0000" in body:
        raise ValueError("a character that no database takes")
    raw = json.loads(body.decode(), parse_constant=_no_number)
    if _is_deeper(raw, DEEPEST):
        raise ValueError("nested too deeply")
    json.dumps(raw, allow_nan=False, ensure_ascii=False).encode()  # no half characters, no infinity
    return raw


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _is_deeper(raw: Any, depth: int) -> bool:
    """Whether lists and tables lie in each other more than `depth` times."""
    level = [raw]
    for _ in range(depth):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return False
    return True


def _parts(whole: Any) -> list[Any]:
    if isinstance(whole, dict):
        return list(whole.values())
    return whole if isinstance(whole, list) else []


def _snapshot(raw: Any) -> Event:
    """A snapshot event, if the body has the form of one so far as we use it."""
    if not isinstance(raw, dict) or raw.get("object") != "event":
        raise ValueError("not a snapshot event")
    data, created = raw.get("data"), raw.get("created")
    shown = data.get("object") if isinstance(data, dict) else None
    if not isinstance(shown, dict):
        raise ValueError("no object in it")
    optional = [raw.get("api_version"), raw.get("account"), shown.get("id")]
    _check_words(raw, optional)
    if not isinstance(created, int) or not 0 < created < LAST_SECOND:
        raise ValueError("no instant")
    return Event.read(raw)


def _thin(raw: Any) -> Event:
    """A thin event, if the body has the form of one so far as we use it."""
    if not isinstance(raw, dict) or raw.get("object") != "v2.core.event":
        raise ValueError("not a thin event")
    related = raw.get("related_object")
    if not isinstance(related, dict | None):
        raise ValueError("no object is named")
    _check_words(raw, [raw.get(name) for name in ("context", "snapshot_event")])
    _check_words(raw, [(related or {}).get("id")])
    created = raw.get("created")
    at = datetime.fromisoformat(created) if isinstance(created, str) else None
    if at is None or at.tzinfo is None or not 2000 <= at.year < 2100:
        raise ValueError("no instant")
    return Event.read(raw)


def _check_words(raw: dict[str, Any], optional: Sequence[Any]) -> None:
    """Raise ValueError unless id and kind are words and the optional ones are words or missing."""
    needed = [raw.get("id"), raw.get("type")]
    words = [*needed, *(word or "" for word in optional)]
    is_sound = all(isinstance(word, str) and len(word) <= LONGEST_WORD for word in words)
    if not is_sound or not all(needed) or not isinstance(raw.get("livemode"), bool):
        raise ValueError("a word is missing or too long")
