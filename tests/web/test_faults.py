"""When a page breaks: the reader gets a page of ours in the own language, and no trace of code."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories import people
from tests.factories.requests import submitted_request
from tests.web.conftest import browser_of, text_of
from tests.web.reading import words_of

SECRET = "figure-of-the-inner-works"
TRACES = ("Traceback", "Exception", "File &quot;", ".py", "DEBUG = ", SECRET, "/srv/", "settings")


def _breaks(*_args: object, **_named: object) -> None:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    ("language", "told"), [("de", "ein Fehler aufgetreten"), ("en", "Something went wrong")]
)
@pytest.mark.parametrize("is_script", [False, True])
def test_a_broken_page_shows_no_trace(
    monkeypatch: pytest.MonkeyPatch, language: str, told: str, is_script: bool
) -> None:
    monkeypatch.setattr("web.views.wallet.wallet_of", _breaks)
    client = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(people.lender())
    more: dict[str, Any] = {"HTTP_HX_REQUEST": "true"} if is_script else {}
    answer = client.get("/wallet/", **more)
    source = text_of(answer)
    assert answer.status_code == 500
    assert f'lang="{language}"' in source
    assert told in source
    assert [trace for trace in TRACES if trace in source] == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    ("address", "status"),
    [("/nowhere/", 404), ("/loans/999999999/", 404), ("/lender/", 403), ("/holdings/", 403)],
)
def test_a_refused_page_shows_no_trace_and_a_way_on(
    language: str, address: str, status: int
) -> None:
    answer = browser_of(people.borrower(), language=language).get(address)
    source = text_of(answer)
    assert answer.status_code == status
    assert f'<html lang="{language}"' in source
    assert 'href="/' in source
    assert [trace for trace in TRACES if trace in source] == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_strangers_thing_looks_like_one_that_was_never_there(language: str) -> None:
    client, request = browser_of(people.borrower(), language=language), submitted_request()
    theirs = client.get(f"/requests/{request.pk}/")
    nobodys = client.get("/requests/999999999/")
    assert [theirs.status_code, nobodys.status_code] == [404, 404]
    assert words_of(theirs) == words_of(nobodys)
