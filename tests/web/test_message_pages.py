"""Messages on the pages."""

from __future__ import annotations

from accounts.models import User
from notifications.models import Message
from notifications.services import notify
from tests.factories import people
from tests.factories.people import AT
from tests.web.conftest import browser_of, queries_of, text_of


def _write(person: User, number: int = 1) -> Message:
    return notify(
        person_id=person.pk,
        kind="mandate_ended",
        key=f"mandate_ended:{person.pk}:{number}",
        facts={"name": f"Mandate {number}"},
        at=AT,
    )


def test_without_messages_the_page_says_what_will_stand_there() -> None:
    assert "No messages" in text_of(browser_of(people.lender()).get("/messages/"))


def test_opening_a_message_counts_as_reading_it() -> None:
    person = people.lender()
    message, client = _write(person), browser_of(person)
    assert ">new<" in text_of(client.get("/messages/"))
    assert "Mandate 1" in text_of(client.get(f"/messages/{message.pk}/"))
    assert ">new<" not in text_of(client.get("/messages/"))
    message.refresh_from_db()
    assert message.read_at is not None


def test_messages_speak_the_language_of_the_page() -> None:
    person = people.lender(language="en")
    message = _write(person)
    german = text_of(browser_of(person, language="de").get(f"/messages/{message.pk}/"))
    english = text_of(browser_of(person, language="en").get(f"/messages/{message.pk}/"))
    assert "Anlageauftrag" in german
    assert "Anlageauftrag" not in english


def test_somebody_elses_message_is_not_there() -> None:
    message = _write(people.lender())
    assert browser_of(people.lender()).get(f"/messages/{message.pk}/").status_code == 404
    message.refresh_from_db()
    assert message.read_at is None


def test_the_number_of_unread_messages_stands_on_every_page() -> None:
    person = people.lender()
    for number in range(3):
        _write(person, number)
    assert 'class="badge-count">3<' in text_of(browser_of(person).get("/help/"))


def test_more_messages_take_no_more_queries() -> None:
    person = people.lender()
    _write(person)
    client = browser_of(person)
    client.get("/messages/")
    few = queries_of(lambda: client.get("/messages/"))
    for number in range(2, 5):
        _write(person, number)
    assert queries_of(lambda: client.get("/messages/")) == few
