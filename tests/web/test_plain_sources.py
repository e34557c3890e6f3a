"""Nothing stands inline: the content policy allows only our own files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from web.icons import PATHS

TEMPLATES = [
    path
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")
    if "admin" not in path.parts
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_script_or_style(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\sstyle\s*=", source)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source)
    assert "<style" not in source
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert "javascript:" not in source
    assert "hx-on" not in source


def test_the_policy_allows_only_our_own_files(visitor: Client) -> None:
    policy = visitor.get("/help/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_nothing_is_loaded_from_other_sites(visitor: Client) -> None:
    source = visitor.get("/").content.decode()
    loaded = re.findall(r"(?:src|href)=\"(https?:)?//", source)
    assert loaded == []


def test_every_icon_that_a_template_names_is_drawn() -> None:
    named = {
        name for path in TEMPLATES for name in re.findall(r'{% icon "(\w+)" %}', path.read_text())
    }
    assert named <= set(PATHS)
