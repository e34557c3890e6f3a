"""What stands at a field of a page: its refusal, and what was typed into it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.web.conftest import text_of


def refusal_at(answer: Any, field: str) -> str:
    """The refusal that stands next to a field and is tied to it, or "" where there is none."""
    source = text_of(answer)
    found = re.search(rf'id="id_{field}_error">.*?<span>(.*?)</span>', source)
    if found is None or f'id_{field}_error"' not in source.split(f'id="id_{field}_error"')[0]:
        return ""
    return unescape(found[1]).strip()


def typed_into(answer: Any, name: str) -> str:
    """What a text field holds."""
    source = answer.content.decode()
    area = re.search(rf'<textarea name="{name}".*?>\n?(.*?)</textarea>', source, re.DOTALL)
    if area:
        return unescape(area[1])
    box = re.search(rf'<input[^>]* name="{name}"[^>]*>', source)
    value = re.search(r' value="([^"]*)"', box[0]) if box else None
    return unescape(value[1]) if value else ""


def chosen_in(answer: Any, name: str) -> str:
    """The value that is chosen in a list or among radio buttons."""
    source = answer.content.decode()
    button = re.search(rf'<input[^>]* name="{name}" value="([^"]*)"[^>]* checked', source)
    if button:
        return button[1]
    box = re.search(rf'<select name="{name}".*?</select>', source, re.DOTALL)
    option = re.search(r'<option value="([^"]*)" selected', box[0]) if box else None
    return option[1] if option else ""


def words_of(answer: Any) -> str:
    """What a reader sees in the main part of a page: its source without tags."""
    source = text_of(answer)
    main = re.search(r"<main.*?</main>", source, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", main[0] if main else source)
