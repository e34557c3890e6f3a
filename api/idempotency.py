"""Acts that happen once however often they are sent: the Idempotency-Key header.

The rules are those of Stripe. Same key and same request: the first answer again, word for word,
marked as replayed. Same key and another request: refused. Two at once: the second waits for the
first and gets its answer. What was refused by a rule stays refused under its key; input that could
not be read, and faults of ours, leave no trace, so the same key may be tried again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.errors import MEDIA_TYPE, handle
from api.models import IdempotencyRecord
from core.errors import DomainError, InvalidInput, StaleState

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"
KEPT_DAYS: Final = 7

_KEY_PATTERN: Final = r"^[\x21-\x7e]{1,255}$"
_KEY = re.compile(_KEY_PATTERN, re.ASCII)

KEY_PARAMETER: Final = OpenApiParameter(
    name=HEADER,
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    description=(
        "Your own name for this act, such as a random UUID. Sent again with the same body, the "
        f"first answer is repeated with `{REPLAYED_HEADER}: true`; nothing happens twice."
    ),
)


REPLAYED: Final = OpenApiParameter(
    name=REPLAYED_HEADER,
    location=OpenApiParameter.HEADER,
    response=[200, 201],
    type={"type": "string", "enum": ["true"]},
    description="Present where this answer was given before.",
)


class KeyMissing(InvalidInput):
    """The act moves money and the caller gave it no name."""

    code = "idempotency_key_missing"
    sentence = _("Send an Idempotency-Key header: 1 to 255 visible ASCII characters, no spaces.")
    status = 400


class KeyReused(InvalidInput):
    """The key already names another request."""

    code = "idempotency_key_reused"
    sentence = _("This Idempotency-Key was already used for another request.")


def once(request: Request, act: Callable[[UUID], Response], *, at: datetime) -> Response:
    """Run `act` unless the caller's key already names an answer; then return that answer.

    `act` receives a UUID made of person and key, for services that keep a key themselves. It runs
    in one transaction with the record of its answer. Raises KeyMissing or KeyReused.
    """
    key, person = _key_of(request), _person_of(request)
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        record = _locked_record(person, key, fingerprint, at)
        if record.fingerprint != fingerprint:
            raise KeyReused
        if record.status is not None:
            return _replay(record)
        answer = _answer_of(request, act, request_key(person, key))
        record.status = answer.status_code
        record.body = JSONRenderer().render(answer.data).decode()
        record.save(update_fields=["status", "body"])
    return answer


def request_key(person: User, key: str) -> UUID:
    """The same UUID for the same person and key, for ever."""
    return uuid5(NAMESPACE_URL, f"urn:pari:idempotency:{person.pk}:{key}")


def forget_answers(*, on: date, at: datetime) -> dict[str, int]:
    """Delete answers older than KEPT_DAYS; a step of day end."""
    old = IdempotencyRecord.objects.filter(created_at__lt=at - timedelta(days=KEPT_DAYS))
    return {"forgotten": old.delete()[0]}


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise KeyMissing(field=HEADER)
    return key


def _person_of(request: Request) -> User:
    if not isinstance(request.user, User):
        raise TypeError("only people who are logged in act")
    return request.user


def _fingerprint(request: Request) -> str:
    """What was asked for, whatever the order of its fields."""
    body = json.dumps(request.data, sort_keys=True, default=str)
    text = f"{request.method} {request.path}\n{body}"
    return hashlib.sha256(text.encode()).hexdigest()


def _locked_record(person: User, key: str, fingerprint: str, at: datetime) -> IdempotencyRecord:
    """The one row of this key, made if need be; a second caller waits here for the first."""
    rows = IdempotencyRecord.objects.select_for_update()
    record, _made = rows.get_or_create(
        person=person, key=key, defaults={"fingerprint": fingerprint, "created_at": at}
    )
    return record


def _answer_of(request: Request, act: Callable[[UUID], Response], key: UUID) -> Response:
    """The act's own answer, or the problem that tells why a rule refused it."""
    try:
        with transaction.atomic():
            return act(key)
    except StaleState:
        raise
    except DomainError as refusal:
        return handle(refusal, request.parser_context or {})


def _replay(record: IdempotencyRecord) -> Response:
    is_problem = record.status is not None and record.status >= 400
    data: Mapping[str, Any] = json.loads(record.body)
    return Response(
        data,
        status=record.status,
        headers={REPLAYED_HEADER: "true"},
        content_type=MEDIA_TYPE if is_problem else None,
    )
