"""Messages to people: written as rows with what happens, sent as letters by a task."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

import structlog
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template import TemplateDoesNotExist

from accounts.models import User
from core.errors import NotFound
from core.jobs import enqueue
from notifications.models import Message
from notifications.words import letter

log = structlog.get_logger(__name__)

ATTEMPTS: Final = 10
_BATCH: Final = 1_000
_FIRST_WAIT: Final = timedelta(minutes=2)
_LONGEST_WAIT: Final = timedelta(days=1)
_CANNOT_SEND: Final = (smtplib.SMTPException, OSError, TemplateDoesNotExist, ValueError)


@transaction.atomic
def notify(
    *,
    person_id: int,
    kind: str,
    key: str,
    facts: Mapping[str, object],
    at: datetime,
    send_from: datetime | None = None,
) -> Message:
    """Write one message for a person; the same `key` again returns the message that it named.

    Args:
        kind: names the words, templates/email/<kind>.txt.
        facts: figures of the words; the unit ends the name (`_cents`, `_rate`, `_on`, `_at`).
        send_from: the letter leaves no earlier than this; None is at once.
    """
    message, is_new = Message.objects.get_or_create(
        key=key,
        defaults={
            "person_id": person_id,
            "kind": kind,
            "facts": _plain_facts(facts),
            "created_at": at,
            "send_from": send_from or at,
        },
    )
    if is_new:
        enqueue("notifications.send_due")
    return message


class Notice(NamedTuple):
    """What one person is told; `key` names it for good."""

    person_id: int
    key: str
    facts: Mapping[str, object]


@transaction.atomic
def notify_all(*, kind: str, notices: Iterable[Notice], at: datetime) -> None:
    """Write a message of one kind for each of many people; a key used before changes nothing."""
    Message.objects.bulk_create(
        (
            Message(
                key=notice.key,
                person_id=notice.person_id,
                kind=kind,
                facts=_plain_facts(notice.facts),
                created_at=at,
                send_from=at,
            )
            for notice in notices
        ),
        ignore_conflicts=True,
        batch_size=_BATCH,
    )
    enqueue("notifications.send_due")


def _plain_facts(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: object) -> object:
    """A value as JSON keeps it without loss; `words` reads it back by the name's ending."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def send_due(*, at: datetime, limit: int = 500) -> int:
    """Send what is due, oldest first, over one connection; returns how many letters left.

    A letter that cannot be sent waits longer after each attempt and keeps no other from leaving.
    """
    due = Message.objects.filter(send_from__lte=at).order_by("send_from", "id")
    ids = list(due.values_list("pk", flat=True)[:limit])
    if not ids:
        return 0
    connection = get_connection()
    try:
        return sum(_send(message_id, connection, at=at) for message_id in ids)
    finally:
        connection.close()


@transaction.atomic
def _send(message_id: int, connection: BaseEmailBackend, *, at: datetime) -> bool:
    """Send one letter under its row's lock, so that two workers never send it both.

    Should the process die between the letter and the commit, it is sent again: twice is better
    than never.
    """
    unsent = Message.objects.select_for_update(skip_locked=True, of=("self",))
    message = unsent.select_related("person").filter(pk=message_id, send_from__lte=at).first()
    if message is None:
        return False
    message.attempts += 1
    try:
        _mail(message, connection).send()
    except _CANNOT_SEND as error:
        log.warning("letter_not_sent", message=message.pk, error=type(error).__name__)
        message.send_from = _next_attempt(message, at=at)
    else:
        message.sent_at, message.send_from = at, None
    message.save(update_fields=["attempts", "send_from", "sent_at"])
    return message.sent_at is not None


def _mail(message: Message, connection: BaseEmailBackend) -> EmailMessage:
    words = letter(message, message.person.language)
    return EmailMessage(words.subject, words.body, to=[message.person.email], connection=connection)


def _next_attempt(message: Message, *, at: datetime) -> datetime | None:
    if message.attempts >= ATTEMPTS:
        return None
    wait: timedelta = _FIRST_WAIT * 2 ** (message.attempts - 1)
    return at + min(wait, _LONGEST_WAIT)


@transaction.atomic
def mark_read(*, person: User, message_id: int, at: datetime) -> Message:
    """Note that the person saw the message; the first time counts. Raises NotFound."""
    message = Message.objects.select_for_update().filter(pk=message_id, person=person).first()
    if message is None:
        raise NotFound(f"message {message_id}")
    if message.read_at is None:
        message.read_at = at
        message.save(update_fields=["read_at"])
    return message
