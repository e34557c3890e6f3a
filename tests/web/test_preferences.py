"""Language and appearance."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import people
from tests.web.conftest import browser_of, text_of


def test_the_language_is_kept_in_a_cookie(visitor: Client) -> None:
    response = visitor.post("/language/", {"language": "de", "next": "/help/"})
    assert (response.status_code, response["Location"]) == (302, "/help/")
    assert '<html lang="de"' in text_of(visitor.get("/help/"))


def test_the_language_is_kept_with_the_person() -> None:
    person = people.lender(language="en")
    browser_of(person).post("/language/", {"language": "de", "next": "/"})
    person.refresh_from_db()
    assert person.language == "de"


def test_an_unknown_language_changes_nothing() -> None:
    person = people.lender(language="en")
    response = browser_of(person).post("/language/", {"language": "fr", "next": "/"})
    person.refresh_from_db()
    assert person.language == "en"
    assert "pari_language" not in response.cookies


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_to_another_site(visitor: Client, target: str) -> None:
    response = visitor.post("/language/", {"language": "de", "next": target})
    assert response["Location"] == "/"


def test_a_chosen_appearance_stands_in_the_page(visitor: Client) -> None:
    visitor.post("/theme/", {"theme": "dark", "next": "/"})
    assert 'data-theme="dark"' in text_of(visitor.get("/help/"))
    visitor.post("/theme/", {"theme": "", "next": "/"})
    assert "data-theme" not in text_of(visitor.get("/help/"))


def test_what_is_no_theme_is_not_written_into_the_page(visitor: Client) -> None:
    visitor.cookies["pari_theme"] = '"><script>'
    assert "data-theme" not in text_of(visitor.get("/help/"))


def test_home_speaks_the_persons_language_in_a_new_browser() -> None:
    client = browser_of(people.lender(language="de"), language="en")
    response = client.get("/home/")
    assert response["Location"] == "/lender/"
    assert response.cookies["pari_language"].value == "de"


def test_home_keeps_a_language_that_was_chosen_in_this_browser() -> None:
    client = browser_of(people.borrower(language="de"))
    client.cookies["pari_language"] = "en"
    response = client.get("/home/")
    assert response["Location"] == "/borrower/"
    assert "pari_language" not in response.cookies


def test_staff_go_to_their_desk() -> None:
    assert browser_of(people.staff()).get("/home/")["Location"] == "/staff/"
