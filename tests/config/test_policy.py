"""No page allows inline script or style; only staff's pages may compile expressions."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
import unfold

from config.staff import _HTMX_MARKS


def policy_of(response) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split("; "))
    return {name: sources for name, *sources in parts}


@pytest.mark.django_db
def test_a_page_for_people_allows_nothing_but_our_own_files(client):
    policy = policy_of(client.get("/accounts/login/"))
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["object-src"] == ["'none'"]
    assert "unsafe" not in str(policy)
    assert "script-src" not in policy


@pytest.mark.django_db
def test_staff_pages_may_compile_expressions_but_hold_nothing_inline(client):
    page = client.get("/staff/login/")
    policy = policy_of(page)
    assert policy["script-src"] == ["'self'", "'unsafe-eval'"]
    assert "'unsafe-inline'" not in str(policy)
    text = page.content.decode()
    assert "staff/theme.css" in text
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_the_one_style_element_of_staff_pages_is_known_by_its_hash():
    htmx = Path(unfold.__file__).with_name("static") / "unfold/js/htmx/htmx.js"
    found = re.search(r'"<style"\+e\+">(.*?)</style>"', htmx.read_text(encoding="utf-8"))
    assert found is not None
    marks = {
        '"+Q.config.indicatorClass+"': "htmx-indicator",
        '"+Q.config.requestClass+"': "htmx-request",
    }
    text = found[1]
    for code, word in marks.items():
        text = text.replace(code, word)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"'sha256-{digest}'" == _HTMX_MARKS
