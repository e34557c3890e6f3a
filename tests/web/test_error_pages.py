"""What a person reads when something is not there, not allowed or broken."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import translation
from django.views.defaults import bad_request, server_error

from core.errors import StaleState
from tests.factories import people
from tests.web.conftest import browser_of, text_of
from web.middleware import RefusalMiddleware


@pytest.mark.parametrize(
    ("language", "told"), [("en", "There is nothing here"), ("de", "Hier gibt es nichts")]
)
def test_what_is_not_there_is_told_in_the_readers_language(language: str, told: str) -> None:
    response = Client(HTTP_ACCEPT_LANGUAGE=language).get("/nowhere/")
    assert response.status_code == 404
    assert told in text_of(response)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "This page is not for you"), ("de", "Diese Seite ist nicht")]
)
def test_what_is_not_allowed_is_told_in_the_readers_language(language: str, told: str) -> None:
    response = browser_of(people.borrower(), language=language).get("/holdings/")
    assert response.status_code == 403
    assert told in text_of(response)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Something went wrong"), ("de", "ein Fehler aufgetreten")]
)
def test_our_own_fault_is_told_without_the_database(
    language: str, told: str, django_assert_num_queries: Any
) -> None:
    request = RequestFactory().get("/")
    with translation.override(language), django_assert_num_queries(0):
        response = server_error(request)
    assert response.status_code == 500
    assert told in text_of(response)


def test_a_request_that_makes_no_sense_has_a_page() -> None:
    with translation.override("en"):
        response = bad_request(RequestFactory().get("/"), ValueError())
    assert "not understood" in text_of(response)


def test_a_form_from_elsewhere_has_a_page() -> None:
    response = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en").post("/theme/")
    assert response.status_code == 403
    assert "Please send the form again" in text_of(response)


def test_any_other_refusal_has_a_page_that_says_it() -> None:
    lender = people.lender()
    request = RequestFactory().get("/")
    request.user = lender
    request.htmx = False
    middleware = RefusalMiddleware(lambda _request: None)  # type: ignore[arg-type, return-value]
    with translation.override("en"):
        response = middleware.process_exception(request, StaleState())
        assert response is not None
        assert response.status_code == 409
        assert "This has changed in the meantime." in text_of(response)
        assert middleware.process_exception(request, ValueError()) is None
