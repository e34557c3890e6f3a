"""The German catalogue: every text of ours is in it, with the figures that its sentence names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from django.conf import settings

_HOUSE = Path(settings.BASE_DIR)
_PO = _HOUSE / "locale" / "de" / "LC_MESSAGES" / "django.po"
_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_FIGURE = re.compile(r"%\((\w+)\)[sd]|%[sd]|%%")
_TAG = re.compile(r"</?[a-z][^>]*>")


def _texts(message: Message) -> tuple[str, ...]:
    """The text of a message, or its singular and plural."""
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _words(message: Message) -> tuple[str, ...]:
    """The German of a message, or its singular and plural."""
    given = message.string
    return tuple(given) if isinstance(given, tuple | list) else (given or "",)


@cache
def _catalogue() -> Catalog:
    with _PO.open("rb") as file:
        return read_po(file, locale="de", domain="django")


@cache
def _extracted() -> frozenset[tuple[str | None, str | tuple[str, ...]]]:
    """Context and text of every message in our sources, found as `web.catalogue` says."""
    with (_HOUSE / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")
    found = extract_from_dir(
        _HOUSE, methods, options, keywords=_KEYWORDS, directory_filter=_is_ours
    )
    return frozenset(
        (context, text[:2] if isinstance(text, tuple) else text)
        for _file, _line, text, _comments, context in found
        if text
    )


def _is_ours(folder: str) -> bool:
    """Every folder but the hidden ones; Babel by itself would pass over `_components` too."""
    return not Path(folder).name.startswith(".")


def _id_of(context: str | None, text: str | tuple[str, ...]) -> Message | None:
    return _catalogue().get(text, context)


def test_the_sources_are_found_as_the_catalogue_was_made() -> None:
    assert len(_extracted()) > 1_000


def test_every_text_has_its_german() -> None:
    missing = []
    for context, text in _extracted():
        message = _id_of(context, text)
        if message is None or message.fuzzy or not all(_words(message)):
            missing.append((context, text))
    assert missing == []


def test_the_german_names_the_same_figures() -> None:
    for message in _catalogue():
        for words in _words(message) if message.id else ():
            wanted = sorted(_FIGURE.findall(_texts(message)[-1]))
            got = sorted(_FIGURE.findall(words))
            if len(_words(message)) == 1:
                assert (message.id, got) == (message.id, wanted)
            else:  # "one day" may leave the figure out
                assert (message.id, set(got) <= set(wanted)) == (message.id, True)


def test_the_german_has_the_same_tags() -> None:
    for message in _catalogue():
        for text, words in zip(_texts(message), _words(message), strict=True):
            if message.id:
                wanted, got = sorted(_TAG.findall(text)), sorted(_TAG.findall(words))
                assert (text, got) == (text, wanted)


def test_the_catalogue_keeps_nothing_that_nobody_says() -> None:
    spoken = {text[0] if isinstance(text, tuple) else text for _context, text in _extracted()}
    kept = {_texts(message)[0] for message in _catalogue() if message.id}
    assert kept - spoken == set()
