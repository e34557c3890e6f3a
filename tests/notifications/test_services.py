"""A message is one row, is sent once, and a letter that fails keeps no other from leaving."""

from __future__ import annotations

import smtplib
import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction

from accounts.models import Role, User
from core.errors import NotFound
from notifications import selectors, services
from notifications.models import Message
from notifications.services import notify
from notifications.tasks import send_due as task
from tests.factories import people
from tests.factories.people import AT

pytestmark = pytest.mark.django_db


def _message(person: User, key: str = "k1", **facts: object) -> Message:
    told = {"name": "Careful grades"} | facts
    return notify(person_id=person.pk, kind="mandate_ended", key=key, facts=told, at=AT)


def test_a_key_names_one_message() -> None:
    person = people.person(Role.LENDER)
    first = _message(person)
    assert _message(person, name="Another") == first
    assert Message.objects.get().facts == {"name": "Careful grades"}


def test_facts_are_kept_without_loss() -> None:
    message = _message(
        people.person(Role.LENDER), rate=Decimal("0.0725"), due_on=date(2026, 3, 1), cents=5
    )
    message.refresh_from_db()
    assert message.facts["rate"] == "0.0725"
    assert message.facts["due_on"] == "2026-03-01"
    assert message.facts["cents"] == 5


def test_a_letter_leaves_once_in_the_language_of_its_reader() -> None:
    person = people.person(Role.LENDER, language="en", email="reader@example.org")
    _message(person)
    assert services.send_due(at=AT) == 1
    assert services.send_due(at=AT + timedelta(days=1)) == 0
    (letter,) = mail.outbox
    assert letter.to == ["reader@example.org"]
    assert letter.subject == "Your mandate has ended: Careful grades"
    assert "Careful grades" in letter.body
    assert letter.body.startswith("Good day,")
    assert Message.objects.get().sent_at == AT


def test_the_task_sends_what_is_due() -> None:
    _message(people.person(Role.LENDER))
    assert task() == 1
    assert len(mail.outbox) == 1


def test_a_letter_waits_until_its_hour() -> None:
    _message(people.person(Role.LENDER))
    assert services.send_due(at=AT - timedelta(seconds=1)) == 0
    assert mail.outbox == []


class _OneAddressRefused(EmailBackend):
    """A mail server that takes every letter but one person's."""

    def send_messages(self, messages: Any) -> int:
        letters: list[EmailMessage] = list(messages)
        if any("refused@example.org" in letter.to for letter in letters):
            raise smtplib.SMTPRecipientsRefused({})
        return int(super().send_messages(letters))


@pytest.fixture
def _refusing(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}._OneAddressRefused"


@pytest.mark.usefixtures("_refusing")
def test_a_refused_letter_holds_up_no_other_and_is_tried_later() -> None:
    bad = _message(people.person(Role.LENDER, email="refused@example.org"), key="bad")
    good = _message(people.person(Role.LENDER), key="good")
    assert services.send_due(at=AT) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (good.sent_at, good.send_from) == (AT, None)
    assert (bad.sent_at, bad.attempts) == (None, 1)
    assert bad.send_from is not None and bad.send_from > AT


@pytest.mark.usefixtures("_refusing")
def test_a_letter_is_given_up_after_ten_attempts_that_grow_apart() -> None:
    message = _message(people.person(Role.LENDER, email="refused@example.org"))
    waits, at = [], AT
    for _ in range(services.ATTEMPTS):
        services.send_due(at=at)
        message.refresh_from_db()
        if message.send_from is not None:
            waits.append(message.send_from - at)
            at = message.send_from
    assert (message.attempts, message.send_from, message.sent_at) == (10, None, None)
    assert waits == sorted(waits)
    assert services.send_due(at=at + timedelta(days=365)) == 0


def test_words_that_are_missing_do_not_stop_the_post() -> None:
    person = people.person(Role.LENDER)
    notify(person_id=person.pk, kind="no_such_words", key="k0", facts={}, at=AT)
    _message(person)
    assert services.send_due(at=AT) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_a_letter_once() -> None:
    message = _message(people.person(Role.LENDER))
    sent: list[int] = []

    def other_worker() -> None:
        sent.append(services.send_due(at=AT))
        connection.close()

    with transaction.atomic():
        Message.objects.select_for_update().get(pk=message.pk)
        worker = threading.Thread(target=other_worker)
        worker.start()
        worker.join(timeout=20)
    assert sent == [0]
    assert services.send_due(at=AT) == 1
    assert len(mail.outbox) == 1


def test_a_message_is_read_once_and_only_by_its_reader() -> None:
    person, stranger = people.person(Role.LENDER), people.person(Role.LENDER)
    message = _message(person)
    assert selectors.unread_count(person) == 1
    services.mark_read(person=person, message_id=message.pk, at=AT)
    services.mark_read(person=person, message_id=message.pk, at=AT + timedelta(days=1))
    assert selectors.unread_count(person) == 0
    assert Message.objects.get().read_at == AT
    with pytest.raises(NotFound):
        services.mark_read(person=stranger, message_id=message.pk, at=AT)
    assert list(selectors.messages_of(stranger)) == []


def test_messages_are_read_in_one_query(django_assert_num_queries: Any) -> None:
    person = people.person(Role.LENDER)
    for number in range(3):
        _message(person, key=f"k{number}")
    with django_assert_num_queries(1):
        assert len(selectors.messages_of(person)) == 3
